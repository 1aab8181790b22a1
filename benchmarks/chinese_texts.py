"""Chinese sentences with planted values, and sentences whose numbers are something else.

All values are drawn by seed: none is anybody's. Sentences were written by hand; the hard negatives
are what shops, couriers, libraries, banks and programs write beside numbers of the same look.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

POSITIVE: dict[str, tuple[str, ...]] = {
    "CN_ID": (
        "身份证号{}，请核对。",
        "证件号码：{}",
        "他的公民身份号码是{}。",
        "张三{}住宿登记",
        "投保人李四（{}）已签字",
        "请将{}发给前台办理入住",
        "户主信息【{}】已录入",
        "被告人王某，{}，汉族",
    ),
    "PHONE_NUMBER": (
        "请拨打{}联系我",
        "手机号{}已注册",
        "有事打我电话：{}，谢谢",
        "联系人小李{}。",
        "收件人王芳，{}，请放门口",
        "我的号码是{}，微信同号",
        "致电{}咨询详情",
        "快递小哥说到了打{}",
        "紧急联系人：母亲 {}",
        "短信发到{}了",
    ),
    "CREDIT_CARD": (
        "卡号{}已冻结",
        "请转到{}，户名张伟",
        "工资卡：{}",
        "银行卡{}余额不足",
        "我的招行卡是{}。",
        "还款账户（{}）扣款失败",
        "用{}付款",
    ),
    "EMAIL_ADDRESS": (
        "请发到{}谢谢",
        "邮箱{}已失效",
        "联系邮件：{}，工作日回复",
        "简历投递{}即可",
        "我用{}注册的",
        "抄送{}和财务",
    ),
    "IP_ADDRESS": (
        "服务器{}已宕机",
        "登录IP：{}",
        "从{}发起的请求被拦截",
        "把网关改成{}再试",
        "主机{}的端口开放",
        "黑客地址为{}，归属地不明",
    ),
}
NEGATIVE: tuple[str, ...] = (
    "订单号：{order18}，已发货",
    "您的订单{order18}已完成",
    "订单编号{mobile}请勿外传",
    "快递单号{mobile}正在派送",
    "运单号：SF{digits13}",
    "顺丰{digits12}已签收",
    "流水号{digits16}查询失败",
    "交易流水号：{digits19}",
    "ISBN {isbn}，定价{price}元",
    "书号978{digits10}不存在",
    "共计{price}元，折合{price}美元",
    "于{date}至{date}举行",
    "时间戳{stamp13}毫秒",
    "create_time={stamp10}",
    "条形码{ean}扫描失败",
    "商品货号{mobile}缺货",
    "工单号{mobile}已关闭",
    "批次号{digits15}合格",
    "合同编号：{digits18}",
    "固件版本{version}发布",
    "请升级到v{version}",
    "内核{version}的补丁",
    "第{digits3}条第{digits2}款",
    "圆周率3.{digits12}",
    "人口{digits8}人，面积{digits6}平方公里",
    "增长{price}%，同比{price}%",
    "型号HG-{mobile}A",
    "序列号{serial}",
    "校验码{wrong_id}错误",
    "设备编号：{digits17}",
    "发票号码{digits8}，代码{digits12}",
    "哈希值{hex32}",
    "比分{digits2}:{digits2}，用时{clock}",
    "项目第{digits1}.{digits1}.{digits1}.{digits1}节" + "说明",
    "学号{digits10}未缴费",
    "电话会议定在{date}",
    "手机价格{price}元起",
    "微信支付{price}元成功",
    "邮箱格式不对：user@localhost",
    "卡号后四位{digits4}",
    "账户尾号{digits4}于{date}支出",
    "坐标{price},{price}",
    "日期{stamp8}，编号{digits11z}",
    "编号{mobile}的商品",
)
KINDS = tuple(POSITIVE)
_REGIONS = ("110105", "310104", "440305", "510107", "330106", "420106", "320102", "610103")
_MOBILES = (
    "133",
    "135",
    "138",
    "139",
    "150",
    "152",
    "158",
    "159",
    "176",
    "178",
    "182",
    "186",
    "188",
)
_ISSUERS = (("622202", 19), ("621700", 19), ("622848", 19), ("625500", 16), ("4", 16), ("52", 16))


class Sentence(NamedTuple):
    """A text, and what is planted in it: kind and value, or nothing."""

    text: str
    planted: tuple[str, str] | None


def sentences(seed: int, each: int) -> list[Sentence]:
    """So many of each kind, and twice as many of all kinds together without anything private."""
    draw = Random(seed)
    made: list[Sentence] = []
    for kind, frames in POSITIVE.items():
        for at in range(each):
            value = _VALUES[kind](draw)
            made.append(Sentence(frames[at % len(frames)].format(value), (kind, value)))
    others = (NEGATIVE[at % len(NEGATIVE)] for at in range(2 * each * len(POSITIVE)))
    return made + [Sentence(_filled(frame, draw), None) for frame in others]


def _digits(draw: Random, count: int) -> str:
    return "".join(draw.choice("0123456789") for _ in range(count))


def _id(draw: Random) -> str:
    born = f"{draw.randint(1950, 2008)}{draw.randint(1, 12):02d}{draw.randint(1, 28):02d}"
    body = draw.choice(_REGIONS) + born + _digits(draw, 3)
    total = sum(int(one) * (1 << 17 - at) for at, one in enumerate(body))
    return body + "10X98765432"[total % 11]


def _mobile(draw: Random) -> str:
    number = draw.choice(_MOBILES) + _digits(draw, 8)
    between = draw.choice(("", "", "", "-", " "))
    return between.join((number[:3], number[3:7], number[7:]))


def _card(draw: Random) -> str:
    issuer, length = draw.choice(_ISSUERS)
    body = issuer + _digits(draw, length - 1 - len(issuer))
    doubled = [int(one) * (2 - at % 2) for at, one in enumerate(reversed(body))]
    number = body + str(-sum(one // 10 + one % 10 for one in doubled) % 10)
    if draw.random() < 0.3:
        return " ".join(number[at : at + 4] for at in range(0, length, 4))
    return number


def _email(draw: Random) -> str:
    name = "".join(draw.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(draw.randint(3, 9)))
    host = draw.choice(
        ("qq.com", "163.com", "126.com", "sina.com.cn", "example.com", "mail.edu.cn")
    )
    return f"{name}{draw.choice(('', '.', '_'))}{_digits(draw, draw.randint(1, 6))}@{host}"


def _ip(draw: Random) -> str:
    return ".".join(str(draw.randint(1, 254)) for _ in range(4))


_VALUES = {
    "CN_ID": _id,
    "PHONE_NUMBER": _mobile,
    "CREDIT_CARD": _card,
    "EMAIL_ADDRESS": _email,
    "IP_ADDRESS": _ip,
}


def _filled(frame: str, draw: Random) -> str:
    wrong = _id(draw)
    known = {
        "order18": f"20{draw.randint(18, 26)}{draw.randint(1, 12):02d}{draw.randint(1, 28):02d}"
        + _digits(draw, 10),
        "mobile": draw.choice(_MOBILES) + _digits(draw, 8),
        "isbn": f"978-7-{_digits(draw, 3)}-{_digits(draw, 5)}-{_digits(draw, 1)}",
        "price": f"{draw.randint(1, 99999)}.{_digits(draw, 2)}",
        "date": f"20{_digits(draw, 2)}年{draw.randint(1, 12)}月{draw.randint(1, 28)}日",
        "stamp13": f"1{draw.randint(5, 7)}{_digits(draw, 11)}",
        "stamp10": f"1{draw.randint(5, 7)}{_digits(draw, 8)}",
        "stamp8": f"20{_digits(draw, 2)}{draw.randint(1, 12):02d}{draw.randint(1, 28):02d}",
        "ean": "69" + _digits(draw, 11),
        "version": ".".join(str(draw.randint(0, 30)) for _ in range(4)),
        "serial": "".join(draw.choice("ABCDEFGHJKLMN0123456789") for _ in range(12)),
        "wrong_id": wrong[:-1] + ("1" if wrong[-1] != "1" else "2"),
        "hex32": f"{draw.getrandbits(128):032x}",
        "clock": f"{draw.randint(0, 23)}:{draw.randint(10, 59)}",
        "digits11z": "0" + _digits(draw, 10),
    }
    for count in range(1, 20):
        known[f"digits{count}"] = draw.choice("123456789") + _digits(draw, count - 1)
    return frame.format(**known)
