from urllib.parse import urlencode

from odoo.tests import tagged

from odoo.addons.web.tests.test_js import HOOTCommon, unit_test_error_checker


@tagged("post_install", "-at_install")
class TestJs(HOOTCommon):
    """The unit tests of our components, by Odoo's own runner."""

    _retry = False
    # core's own tests of the runner are not ours to run
    test_generate_hoot_hash = None
    test_get_hoot_filter = None

    def test_components(self):
        suite = self._generate_hash("@milestone_billing")
        parameters = urlencode(
            {"preset": "desktop", "timeout": 15000, "loglevel": 2, "id": suite}
        )
        self.browser_js(
            f"/web/tests?headless&{parameters}",
            "",
            "",
            login="admin",
            timeout=300,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=unit_test_error_checker,
        )
