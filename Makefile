# Everything a developer needs. `make` alone lists it. Nothing here needs root or a tool beyond python3, pip and git:
# uv is fetched from PyPI into .tools/ where it is missing, and everything else into .venv/.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test lint types fmt bench peers docs ci uv-path

# pyenv's Pythons too, where its shims are not on PATH
export PATH := $(PATH):$(subst $() ,:,$(wildcard $(HOME)/.pyenv/versions/3.1[2-9]*/bin))
# .python-version names the one that we develop with; a newer one will do
export UV_PYTHON ?= $(firstword $(foreach v,3.12 3.13 3.14,$(if $(shell PATH="$(PATH)" python$(v) -V 2>/dev/null),$(v))) 3.12)
# this machine's certificates, so that uv trusts what pip trusts
CERTIFICATES := $(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem))
ifneq ($(CERTIFICATES),)
export SSL_CERT_FILE ?= $(CERTIFICATES)
endif
# uv of this machine if it works, else our own
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .tools/uv/bin/uv)
RUN := $(UV) run --frozen

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 14

demo: $(UV) ## install, judge the example corpus into demo/, and say where to look
	@$(UV) sync --frozen --quiet --no-dev --inexact --extra tables --extra scores
	@$(RUN) --no-sync dataqa run pipelines/quickstart.yaml -i examples/data -o demo --id-column id
	@printf '\n%s\n' "Does it contain the items of examples/benchmark.jsonl?"
	@$(RUN) --no-sync dataqa contamination -i examples/data --against examples/benchmark.jsonl -o demo/contamination.jsonl --id-column id
	@printf '\n%s\n' "Visits of invented people, with their notes, become those of others:"
	@$(RUN) --no-sync dataqa run pipelines/private-records.yaml -o demo/records
	@printf '\n%s\n' "Which planted pages read like a manual for programmers? A scorer learns it from where the others are from:"
	@$(RUN) --no-sync dataqa train quality examples/data/docs-en.jsonl.zst -o demo/manuals --label-column source --positive postgresql --positive python --id-column id
	@$(RUN) --no-sync dataqa run examples/manuals.yaml -i examples/data/planted.jsonl -o demo/scored --id-column id
	@printf '%s\n' "" "Look at it:" \
	  "  demo/report.html                    the report, in any browser" \
	  "  demo/kept demo/rejected demo/review the documents, with the reasons beside them" \
	  "  demo/records                        synthetic visits (visits.csv), and what they are worth (visits.report.html)" \
	  "  demo/scored/report.html             planted pages by a scorer (28 are copies of what it learnt from), demo/manuals/card.html what it is worth" \
	  "  demo/contamination.jsonl            which benchmark items stand in which documents, and where" \
	  "  .venv/bin/dataqa explain demo $(DEMO_ID)" \
	  "  .venv/bin/dataqa decide demo --set gopher-dclm.word_count.min=30 --dry-run" \
	  "Ask people about what is in doubt; this installs Label Studio, a gigabyte, apart from all else:" \
	  "  $(UV) sync --frozen --no-dev --inexact --extra review && .venv/bin/dataqa label-studio up" \
	  "  .venv/bin/dataqa review push demo --flow quality"

test: $(UV) ## run all tests, doctests and documented commands included
	@$(UV) sync --frozen --quiet
	@PYTHONHASHSEED=0 $(RUN) pytest -n auto --dist worksteal $(ARGS)

lint: $(UV) ## look for mistakes and wrong formatting
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .

types: $(UV) ## check all types
	@$(RUN) basedpyright

fmt: $(UV) ## mend what can be mended by itself
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .

bench: $(UV) ## measure what benchmarks/RESULTS.md states, quickly (QUICK= for the full size)
	@for name in $(BENCHES); do echo "== $$name"; $(RUN) python -m benchmarks.$$name $(QUICK) || failed="$${failed-} $$name"; done; \
	  if [ -n "$${failed-}" ]; then echo "does not hold:$$failed"; exit 1; fi

peers: $(UV) ## make the environments of the tools that we are measured against, in .peers/
	@$(RUN) python -m benchmarks.peers $(PEERS)

docs: $(UV) ## run every command and example of the documentation
	@$(RUN) pytest -q tests/test_docs.py tests/test_pipelines.py dataqa

ci: ## what the integration machine does
	@bash .ci/run

BENCHES ?= $(filter rules pipeline language scale startup minhash neardup truth merge index semantic private_speed private_accuracy private_chinese private_leaks tables tables_scale records linked scorer routing review_push exactly_once fuzz ray faults end_to_end scale_plan,$(patsubst benchmarks/%.py,%,$(wildcard benchmarks/*.py)))
QUICK ?= --quick
DEMO_ID := planted-boilerplate-en-news

.tools/uv/bin/uv:
	@echo "uv is not installed: fetching it into .tools/"
	@mkdir -p .tools
	@for python in python3 /usr/bin/python3 python3.13 python3.12 python; do \
	  rm -rf .tools/uv; \
	  $$python -m pip install --quiet --target .tools/uv uv >.tools/log 2>&1 && exit 0; \
	  rm -rf .tools/uv; \
	  $$python -m venv .tools/uv >>.tools/log 2>&1 && .tools/uv/bin/python -m pip install --quiet uv >>.tools/log 2>&1 && exit 0; \
	done; \
	cat .tools/log >&2; \
	echo "could not fetch uv with pip; https://docs.astral.sh/uv says how to install it" >&2; exit 1

# the one on PATH is nobody's product
uv: ;

uv-path: $(UV)
	@echo $(UV)
