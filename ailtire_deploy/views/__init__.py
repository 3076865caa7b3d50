"""How things look: plans, recaps, statuses, histories and problems as text, JSON and Markdown.

Nothing here decides or measures anything; it takes values and gives strings or plain data. Foreign text
(names, errors, log lines, values of fields) goes through ``plain`` before it may reach a terminal or a page.
"""
