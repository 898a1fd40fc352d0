"""The attack on a release; it shares no code with what hides cells."""
