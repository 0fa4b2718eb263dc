"""The guided tour: the story of seworkbench.demo, played on the real pages of a window of its own.

script        what an act can wait for
acts          what is done on the pages in each scene
director      plays scene after scene: pause, back, next, begin again
caption_bar   what the audience reads, and the buttons
evidence_page the report at the end, as a page
tour          all of it in one window with a folder of its own; starting and ending it
"""
