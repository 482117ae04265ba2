# Everything these commands make lies in .dev/.

.PHONY: help demo test lint format test-walk test-core bench pot wheel shell clean

help:
	@echo "make demo       serve the addon with demo data (PORT=8069; NEW=1 starts over)"
	@echo "make test       linters and the whole test suite, alone and beside sales"
	@echo "                ONLY=TestClass.test_method,…  just these, quickly; WITH=sale"
	@echo "make test-walk  a random walk through the life of schedules, for the rare faults"
	@echo "                STEPS=500 how long it is, SEED=1 which one; WITH=sale"
	@echo "make lint       linters alone"
	@echo "make format     correct the formatting"
	@echo "make test-core  Odoo's own tests of project and sales, with and without the addon"
	@echo "make bench      what the addon costs beside Odoo's own screens and invoices, and"
	@echo "                the goals; PARTS=tick,screens,… just these; LONG=1 adds the rest"
	@echo "make pot        export the terms to translate"
	@echo "make wheel      build a wheel in .dev/dist"
	@echo "make shell      a Python shell on the demo database"
	@echo "make clean      remove .dev"
	@echo
	@echo "ODOO_SRC=/path/to/odoo uses your own Odoo 19 instead of downloading Debian's,"
	@echo "of which ODOO_VERSION=19.0.0+dfsg-1 chooses a version."

demo:
	@tools/demo.sh

test:
	@tools/test.sh

test-walk:
	@ONLY=TestWalk.test_long_walks STEPS=$(or $(STEPS),500) SEED=$(or $(SEED),1) tools/test.sh

lint:
	@tools/lint.sh

format:
	@tools/lint.sh --format

test-core:
	@tools/test_core.sh

bench pot wheel shell clean:
	@tools/module.sh $@

export PORT NEW ONLY WITH ODOO_SRC ODOO_VERSION PARTS LONG
