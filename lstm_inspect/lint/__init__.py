"""Source code -> the mistakes in it: nothing of it is run, and torch is not needed.

A file is walked as Python would run it, with abstract values instead of tensors: ``constructions`` reads the
recurrent layers and their flags, ``values`` says what a tensor is known to be, ``tensors`` what an operation makes
of it, ``walk`` follows statements, and ``uses`` is where a finding arises. What can't be followed is unknown, and
of the unknown nothing is said.
"""
