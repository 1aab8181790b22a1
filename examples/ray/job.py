"""A job for `ray job submit`: a pipeline over a folder that all nodes see.

ray job submit --working-dir examples/ray -- python job.py PIPELINE INPUT OUT
"""

import sys

import dataqa
from dataqa.errors import DataqaError

if __name__ == "__main__":
    pipeline, inputs, out = sys.argv[1:]
    try:
        result = dataqa.run(pipeline, inputs, out, engine="ray", address="auto")
    except DataqaError as error:
        sys.exit(str(error))
    print(*(f"{name} {count}" for name, count in result.counts.items()), sep=", ")
