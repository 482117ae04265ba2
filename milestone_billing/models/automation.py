"""What happens by itself when a milestone is done."""

AUTOMATIONS = [
    ("manual", "Nothing by itself"),
    ("draft", "Make the draft invoice"),
    ("post", "Make and post the invoice"),
    ("post_send", "Make, post and send the invoice"),
]
