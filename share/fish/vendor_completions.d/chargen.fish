_CHARGEN_COMPLETE=fish_source chargen | source
