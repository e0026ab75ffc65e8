"""`manage.py replay`: a recorded day through the very same services, at the times written in the file.

From the outside in: `run` puts a replay together, `reader` and `tianchi` give events, `scratch` a database, `player` plays the
events and `ticks` the scheduled checks, `journal` notes what came of it, `writer` and `report` write it down.
"""
