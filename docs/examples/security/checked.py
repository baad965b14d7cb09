from demijohn import Flask
from demijohn.extend import Finding, add_check

app = Flask(__name__)
app.config["SILENCED_CHECKS"] = ["hsts"]


def mail(app):
    if not app.config.get("MAIL_FROM"):
        yield Finding(
            "mail-from", "warning", "MAIL_FROM is not set.", "Mails about lost passwords are not sent.",
            "Set MAIL_FROM to an address of yours.",
        )  # fmt: skip


add_check(app, mail)
