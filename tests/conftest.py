"""What all tests share."""

pytest_plugins = ["tests.databases", "tests.workers", "tests.longest", "tests.installation", "tests.complete",
                  "tests.cast", "tests.trace", "tests.canary", "tests.postbox", "tests.browser.looking"]
