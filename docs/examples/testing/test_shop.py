from urllib.request import urlopen

from shop import Bottle, print_label


def test_a_bottle_is_on_the_shelf(client, captured_templates, captured_tasks):
    client.post("/bottles", data={"name": "Rioja"})
    client.get("/")
    [(template, context)] = captured_templates
    assert template.name == "shelf.html"
    assert [bottle.name for bottle in context["bottles"]] == ["Rioja"]
    [task] = captured_tasks
    assert (task.name, task.args) == (print_label.name, (1,))


def test_a_real_server_sees_what_the_test_commits(db, live_server):
    db.session.add(Bottle(name="Rioja"))
    db.session.commit()
    assert urlopen(f"{live_server.url}/count").read() == b"1"


def test_and_it_is_gone_afterwards(db):
    assert db.session.scalars(db.select(Bottle)).all() == []


def test_the_form(browser, live_server, captured_tasks):
    page = browser.new_page()
    page.goto(live_server.url)
    page.fill("input", "Barolo")
    page.click("button")
    assert page.inner_text("li") == "Barolo"


def test_a_command(db, cli):
    db.session.add(Bottle(name="Rioja"))
    db.session.commit()
    assert cli.invoke(args=["tidy"]).output == "1 bottles were removed\n"
