"""The suites that others inherit from show what differs, as test files do."""

import pytest

pytest.register_assert_rewrite("tests.contracts.host_contract", "tests.contracts.api_contract")
