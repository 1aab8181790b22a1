"""What the name of a column says of its values: private ones are often told by it alone."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_A-Za-z]+")
_OF_PEOPLE = frozenset(
    (
        *(
            "full",
            "patient",
            "customer",
            "client",
            "person",
            "employee",
            "user",
            "contact",
            "owner",
        ),
        *("holder", "cardholder", "applicant", "student", "member", "doctor", "physician", "guest"),
        *("subscriber", "recipient", "sender", "maiden", "mother", "father", "spouse", "donor"),
    )
)
_ALL_OF: tuple[tuple[frozenset[str], str], ...] = tuple(
    (frozenset(words.split()), entity)
    for words, entity in (
        ("first name", "GIVEN_NAME"),
        ("given name", "GIVEN_NAME"),
        ("middle name", "GIVEN_NAME"),
        ("last name", "FAMILY_NAME"),
        ("family name", "FAMILY_NAME"),
        ("maiden name", "FAMILY_NAME"),
        ("street address", "STREET_ADDRESS"),
        ("home address", "STREET_ADDRESS"),
        ("ip address", "IP_ADDRESS"),
        ("mac address", "MAC_ADDRESS"),
        ("email address", "EMAIL_ADDRESS"),
        ("mail address", "EMAIL_ADDRESS"),
        ("e mail", "EMAIL_ADDRESS"),
        ("user name", "USER_NAME"),
        ("phone number", "PHONE_NUMBER"),
        ("credit card", "CREDIT_CARD"),
        ("card number", "CREDIT_CARD"),
        ("social security", "US_SSN"),
        ("driver license", "DRIVER_LICENSE"),
        ("drivers license", "DRIVER_LICENSE"),
        ("driving licence", "DRIVER_LICENSE"),
        ("license plate", "LICENSE_PLATE"),
        ("medical record", "MEDICAL_RECORD"),
        ("passport number", "PASSPORT"),
        ("account number", "ACCOUNT_NUMBER"),
        ("tax id", "TAX_ID"),
        ("national id", "NATIONAL_ID"),
        ("address line 1", "STREET_ADDRESS"),
        ("address line 2", "STREET_ADDRESS"),
    )
)
_ALONE: dict[str, str] = {
    **dict.fromkeys(("firstname", "forename", "givenname", "vorname", "prenom"), "GIVEN_NAME"),
    **dict.fromkeys(("first", "given", "名"), "GIVEN_NAME"),
    **dict.fromkeys(("lastname", "surname", "familyname", "nachname", "apellido"), "FAMILY_NAME"),
    **dict.fromkeys(("last", "maiden", "姓"), "FAMILY_NAME"),
    **dict.fromkeys(("fullname", "name", "姓名", "nom", "nombre"), "PERSON"),
    **dict.fromkeys(("email", "mail", "邮箱", "电子邮件"), "EMAIL_ADDRESS"),
    **dict.fromkeys(
        ("phone", "telephone", "tel", "mobile", "cell", "fax", "手机", "电话"), "PHONE_NUMBER"
    ),
    **dict.fromkeys(("address", "street", "addr", "地址", "adresse", "strasse"), "STREET_ADDRESS"),
    **dict.fromkeys(("username", "login", "nickname"), "USER_NAME"),
    "ssn": "US_SSN",
    "iban": "IBAN_CODE",
    "ip": "IP_ADDRESS",
    "mrn": "MEDICAL_RECORD",
    "passport": "PASSPORT",
    "drivers": "DRIVER_LICENSE",
    "身份证": "CN_ID",
}
_ENDS = frozenset(
    ("email", "mail", "phone", "telephone", "mobile", "fax", "ssn", "iban", "username", "surname")
)
"""Words that say it wherever they end a name: ``work_email``."""
_PLACES = {
    **dict.fromkeys(("city", "town", "ort", "stadt", "ville", "ciudad", "城市", "市"), "CITY"),
    **dict.fromkeys(("state", "province", "bundesland", "省", "省份"), "STATE"),
    **dict.fromkeys(("zip", "zipcode", "postcode", "postalcode", "plz", "邮编"), "POSTCODE"),
    **dict.fromkeys(("country", "land", "pays", "国家"), "COUNTRY"),
}
OF_TABLES = frozenset(
    (*(entity for _, entity in _ALL_OF), *_ALONE.values(), *_PLACES.values(), "ID", "UUID", "CN_ID")
)
"""Entities that names of columns speak of, whether or not a recogniser finds them in texts."""
_HOME = frozenset(("home", "patient", "customer", "residence", "address", "code", "name", "of"))
"""Words beside which it is still where somebody lives: ``home_city``, ``zip code``."""
_ROLES = frozenset(
    (
        *("doctor", "physician", "nurse", "provider", "mother", "father", "wife", "husband"),
        *("spouse", "guardian", "maiden", "partner", "emergency", "employer", "manager", "agent"),
    )
)
_BIRTH = frozenset(("birthdate", "birthday", "dob", "birth", "born", "生日", "geburtsdatum"))
_IDS = frozenset(("id", "uuid", "guid", "key", "pk", "no", "nr", "number", "code", "编号", "index"))


def words_of(name: str) -> tuple[str, ...]:
    """The words in a column's name, in small letters.

    >>> words_of("customerFirst_name2"), words_of("DOB")
    (('customer', 'first', 'name', '2'), ('dob',))
    """
    return tuple(word.lower() for word in _WORD.findall(name))


def entity_of(name: str) -> str:
    """The private entity that a column's name speaks of; nothing if it speaks of none.

    >>> entity_of("Patient Name"), entity_of("work_email"), entity_of("product_name")
    ('PERSON', 'EMAIL_ADDRESS', '')
    """
    words = words_of(name)
    if not words:
        return ""
    for some, entity in _ALL_OF:
        if some <= set(words):
            return entity
    if len(words) == 1:
        return _ALONE.get(words[0], "")
    if words[-1] == "name" and set(words[:-1]) <= _OF_PEOPLE:
        return "PERSON"
    if words[-1] in _ENDS or set(words[:-1]) <= _OF_PEOPLE:
        return _ALONE.get(words[-1], "")
    return ""


def place_of(name: str) -> str:
    """Which part of where somebody lives a column's name speaks of; nothing if of none.

    >>> place_of("home_city"), place_of("Zip Code"), place_of("state"), place_of("status")
    ('CITY', 'POSTCODE', 'STATE', '')
    """
    words = words_of(name)
    if {"postal", "code"} <= set(words):
        return "POSTCODE"
    left = [word for word in words if word not in _HOME]
    return _PLACES.get(left[0], "") if len(left) == 1 else ""


def role_of(name: str) -> str:
    """Who a column is about if not the person of the row; nothing if it is about that one.

    >>> role_of("doctor_name"), role_of("patient_name")
    ('doctor', '')
    """
    return next((word for word in words_of(name) if word in _ROLES), "")


def is_age(name: str) -> bool:
    """Whether a column's name says that it holds ages in years.

    >>> is_age("age"), is_age("age_years"), is_age("average")
    (True, True, False)
    """
    words = set(words_of(name))
    return "age" in words and words <= {"age", "years", "year", "patient", "in", "at", "yrs"}


def is_birth(name: str) -> bool:
    """Whether a column's name speaks of the day of somebody's birth."""
    words = words_of(name)
    return bool(set(words) & _BIRTH) and "place" not in words


def is_id(name: str) -> bool:
    """Whether a column's name says that it holds ids.

    >>> is_id("patient_id"), is_id("Id"), is_id("paid")
    (True, True, False)
    """
    words = words_of(name)
    return bool(words) and words[-1] in _IDS


def is_somebodys_id(name: str) -> bool:
    """Whether a column's name says that it tells people apart: several rows may be of one.

    >>> is_somebodys_id("customer_id"), is_somebodys_id("department_id")
    (True, False)
    """
    words = words_of(name)
    return is_id(name) and bool(set(words[:-1]) & (_OF_PEOPLE | {"subject", "account", "mrn"}))
