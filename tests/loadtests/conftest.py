"""Turn off the deadline of property tests, which a busy machine would miss."""

import hypothesis

hypothesis.settings.register_profile("no-deadline", deadline=None)
hypothesis.settings.load_profile("no-deadline")
