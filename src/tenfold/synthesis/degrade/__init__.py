"""Pictures of single digits made worse: the one home of light, lenses, dirt and cameras.

`light`, `lens`, `marks` and `shape` hold the single ways, `corruptions` the fifteen kinds in five
severities that models are measured with, `mixtures` what training pictures go through. All take
float pictures in [0, 1], shape ``(n, size, size)``, white ink on black, and draw what is left to
chance from one `numpy.random.Generator`.
"""
