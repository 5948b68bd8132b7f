"""A mail server, a Slack and a Microsoft Teams on loopback that keep what they receive, for the demo and the tests. They can be told to fail.

    mail.plant("greylists", times=2, to="pi@lab.example")
    slack.plant("rate-limit", path=slack.path("lab"))

`MAIL_FAULTS`, `SLACK_FAULTS` and `TEAMS_FAULTS` say what each kind does. A fault with a recipient or a path waits until that one is met.
"""

from .mail import MAIL_FAULTS, Mail, MailServer
from .slack import SLACK_FAULTS, SlackServer
from .teams import TEAMS_FAULTS, TeamsServer
from .webhooks import Post

__all__ = ["MAIL_FAULTS", "SLACK_FAULTS", "TEAMS_FAULTS", "Mail", "MailServer", "Post", "SlackServer", "TeamsServer"]
