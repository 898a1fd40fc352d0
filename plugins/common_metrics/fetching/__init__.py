"""Files of sources on a network, put where a person would put them: the drop folder."""
