"""Source code -> the mistakes in it: nothing of it is run, and torch is not needed.

A file is walked as Python would run it, with abstract values instead of tensors: ``values`` says what a value is
known to be, ``arrays`` which elements of a result a tensor holds, on a sample, ``library`` what torch's names build,
``tensors`` and ``parts`` what an operation makes of a result, ``walk`` follows statements, and ``uses`` is where a
finding arises. What can't be followed is unknown, and of the unknown nothing is said.
"""
