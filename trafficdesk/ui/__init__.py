"""The window: everything that knows Qt, apart from the composition root `trafficdesk.app`.

Widgets show what the session holds and forward what a person does; they compute nothing that the command line would
need as well.
"""
