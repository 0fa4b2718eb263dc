"""The guided tour: the story of seworkbench.demo, played on the real pages of a window of its own.

script        what an act can ask for
acts          what is done on the pages in each scene
director      plays scene after scene: pause, back, next, begin again
spotlight     rings around what a caption speaks of
pointer_ring  a ring around the pointer, for an audience
caption_bar   what the audience reads, and the buttons
evidence_page the report at the end, as a page
tour          all of it in one window with a folder of its own; starting and ending it
"""
