"""What outlives a crash."""
import json
import os


class Journal:
    """What was accepted, and who was given to whom, written before anybody is told (DATA_DIR; without one, nothing is).

    An instance that is started again is the standby of nobody all the same: others may have gone on without it. What
    it had kept counts again when its provider founds it.
    """

    def __init__(self, folder):
        self.file, self.kept = folder and os.path.join(folder, "journal.jsonl"), {}
        if self.file and os.path.exists(self.file):
            with open(self.file) as lines:  # what a crash cut off was acknowledged to nobody
                entries = [json.loads(line) for line in lines if line.endswith("\n")]
            self.kept = {entry["user"]: entry for entry in entries}
            with open(self.file + ".new", "w") as anew:
                anew.writelines(json.dumps(entry) + "\n" for entry in self.kept.values())
            os.replace(self.file + ".new", self.file)

    def write(self, entries):
        if self.file:
            with open(self.file, "a") as lines:
                lines.write("".join(json.dumps(entry) + "\n" for entry in entries))
