"""From YAML files to desired mail: strict loading with positions, one file per key.

What a file says becomes `model.Desired`: wishes for RRsets, and the terms of the cutover. Nothing
here looks at the world.
"""
