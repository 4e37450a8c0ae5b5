"""What every adapter must do, as tests that anybody can run on their own: ``pytest --pyargs autopilot.conformance --adapter=…``."""
