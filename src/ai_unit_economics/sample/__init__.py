"""A believable fleet for demonstrations, tests and benchmarks.

`fleet` says what there is and what is planted; `demand` draws requests; `capacity` turns load into pods and nodes;
`telemetry`, `requests`, `bills` and `others` give it the shapes of real exports; `writer` puts files on disk.
The same seed, range and scale give the same rows.
"""
