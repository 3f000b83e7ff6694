"""Property tests here are judged by what they find, not by how busy the machine is."""

import hypothesis

hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")
