"""Stands in for a program that a page calls: notes the call, and answers as `answers.json` beside it says.

It runs by itself, as `aws` or `curl`: whatever it imports, a page waits for.
"""

import json
import os
import re
import shutil
import sys

here = os.path.dirname(os.path.abspath(sys.argv[0]))
words = [os.path.basename(sys.argv[0]), *sys.argv[1:]]
given = sys.stdin.read() if "-" in words else ""
with open(os.path.join(here, ".calls"), "a", encoding="utf-8") as calls:
    calls.write(json.dumps({"words": words, "stdin": given, "folder": os.getcwd()}) + "\n")
with open(os.path.join(here, ".answers"), encoding="utf-8") as file:
    answers = json.load(file)
for answer in answers:
    if not all(any(part in word for word in words) for part in answer["words"]):
        continue
    sys.stdout.write(answer.get("says", ""))
    if "files" in answer:
        if "pattern" in answer:
            target = re.search(answer["pattern"], "\n".join(words)).group(1)
        elif "place" in answer:
            target = words[words.index(answer["place"]) + 1]
        else:
            # what is not an option and stands last
            target = [word for word in words if not word.startswith("--")][-1]
        if os.path.isdir(answer["files"]):
            shutil.copytree(answer["files"], target, dirs_exist_ok=True)
        else:
            shutil.copyfile(answer["files"], target)
    break
