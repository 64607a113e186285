"""What traffic looks like to one who was shown examples: a random forest on labelled rows, or on named conversations.

It stands beside behaviour rules and isolation forest and replaces neither: it recognises what it was shown and knows
nothing of the rest. What it is worth is measured on incidents, or conversations, that it was not shown.
"""
