"""Uses the live page in headless Chromium as a person would, and takes pictures of it.

    live_page.py URL FOLDER

Needs selenium, chromium and chromedriver. Ends with the number of checks that hold.
"""

import os
import shutil
import sys
import time
import traceback

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

URL, FOLDER = sys.argv[1], sys.argv[2]
os.makedirs(FOLDER, exist_ok=True)
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def browser(width, height, dark=False):
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", f"--window-size={width},{height}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # Given both, selenium looks for nothing elsewhere.
    options.binary_location = shutil.which("chromium")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
    driver.get(URL)
    WebDriverWait(driver, 20).until(lambda d: d.find_element(By.ID, "connection").text == "live")
    return driver


def card(driver, name):
    for element in driver.find_elements(By.CLASS_NAME, "card"):
        if element.find_element(By.TAG_NAME, "span").text.startswith(name):
            return element.find_element(By.TAG_NAME, "b").text
    raise AssertionError(f"no card {name}")


def until(driver, condition, seconds=60):
    WebDriverWait(driver, seconds).until(condition)


def answers(driver):
    return [p.text for p in driver.find_elements(By.CSS_SELECTOR, "#log p:not(.who)")]


def colours(driver):
    """Colours of the timeline, without greys."""
    return driver.execute_script("""
      const c = document.getElementById("timeline"), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
      const found = new Set();
      for (let i = 0; i < d.length; i += 4) {
        const [r, g, b, a] = [d[i], d[i + 1], d[i + 2], d[i + 3]];
        if (a > 250 && Math.max(r, g, b) - Math.min(r, g, b) > 60) found.add((r >> 4) + "," + (g >> 4) + "," + (b >> 4));
      }
      return found.size;""")


@check
def a_message_is_answered(driver):
    box = driver.find_element(By.ID, "message")
    box.send_keys("And it came to pass", Keys.ENTER)
    until(driver, lambda d: len(answers(d)) >= 2 and len(answers(d)[1]) > 40)
    until(driver, lambda d: not d.find_element(By.ID, "stop").is_enabled())
    assert box.get_attribute("value") == ""


@check
def times_are_shown(driver):
    until(driver, lambda d: "ms" in card(d, "TTFT, last") and "ms" in card(d, "TBT, last"))
    assert "/" in card(driver, "TTFT P50")


@check
def prompts_descend_in_their_colours(driver):
    driver.find_element(By.ID, "crowd").click()
    # How many decode may be none again by the time that it is read; what they leave on the timeline stays for a while.
    until(driver, lambda d: " requests decode" in d.find_element(By.ID, "summary").get_attribute("textContent"))
    driver.find_element(By.ID, "long").click()
    until(driver, lambda d: colours(d) >= 3)
    time.sleep(0.6)
    driver.save_screenshot(f"{FOLDER}/layered.png")
    until(driver, lambda d: not d.find_element(By.ID, "stop").is_enabled(), 120)


@check
def the_policy_is_changed(driver):
    Select(driver.find_element(By.ID, "policy")).select_by_value("chunked")
    target = driver.find_element(By.ID, "target")
    target.clear()
    target.send_keys("20")
    driver.find_element(By.CSS_SELECTOR, "#policy-form button").click()
    until(driver, lambda d: d.find_element(By.ID, "applied").text == "applied")
    driver.find_element(By.ID, "long").click()
    driver.find_element(By.ID, "crowd").click()
    until(driver, lambda d: "chunked" in d.find_element(By.ID, "summary").get_attribute("textContent"))
    time.sleep(1)
    driver.save_screenshot(f"{FOLDER}/chunked.png")
    until(driver, lambda d: not d.find_element(By.ID, "stop").is_enabled(), 180)


@check
def a_wrong_target_is_told(driver):
    driver.execute_script("document.getElementById('target').removeAttribute('max'); document.getElementById('target').value = 9e9")
    driver.find_element(By.CSS_SELECTOR, "#policy-form button").click()
    until(driver, lambda d: "tbt_target" in d.find_element(By.ID, "applied").text)


@check
def answers_can_be_stopped(driver):
    count = len(answers(driver))
    driver.execute_script("document.getElementById('max').value = 1500")
    driver.find_element(By.ID, "message").send_keys("And it came to pass", Keys.ENTER)
    until(driver, lambda d: len(answers(d)) == count + 2 and len(answers(d)[-1]) > 5)
    driver.find_element(By.ID, "stop").click()
    until(driver, lambda d: card(d, "decoding / prefilling") == "0 / 0" or d.execute_script("return aborts.size") == 0)
    driver.execute_script("document.getElementById('max').value = 200")


@check
def iterations_come_as_a_table(driver):
    driver.find_element(By.TAG_NAME, "summary").click()
    until(driver, lambda d: len(d.find_elements(By.CSS_SELECTOR, "#rows tr")) == 10)


@check
def every_field_has_a_name(driver):
    nameless = driver.execute_script("""
      return [...document.querySelectorAll("input, select, textarea, button")].filter(e =>
        !(e.labels && e.labels.length) && !e.textContent.trim() && !e.getAttribute("aria-label")).map(e => e.id)""")
    assert nameless == [], nameless


@check
def the_keyboard_reaches_everything(driver):
    driver.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")
    reached = set()
    for _ in range(40):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        reached.add(driver.execute_script("return document.activeElement.id"))
    assert {"timeline", "policy", "target", "message", "send", "long", "crowd", "key"} <= reached, reached


@check
def nothing_is_fetched_from_elsewhere(driver):
    urls = driver.execute_script("return performance.getEntriesByType('resource').map(e => e.name)")
    assert all(url.startswith(URL) for url in urls), urls


@check
def nothing_went_wrong(driver):
    errors = [e for e in driver.get_log("browser") if e["level"] == "SEVERE" and "favicon" not in e["message"] and "control" not in e["message"]]
    assert errors == [], errors


def phone():
    for dark in (False, True):
        driver = browser(390, 844, dark)
        driver.find_element(By.ID, "crowd").click()
        until(driver, lambda d: colours(d) >= 2)
        width = driver.execute_script("window.scrollTo(0, 0); return document.documentElement.scrollWidth")
        driver.save_screenshot(f"{FOLDER}/phone-{'dark' if dark else 'light'}.png")
        driver.quit()
        assert width <= 390, width


def dark():
    driver = browser(1400, 900, True)
    background = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    driver.find_element(By.ID, "crowd").click()
    until(driver, lambda d: colours(d) >= 2)
    time.sleep(1)
    driver.save_screenshot(f"{FOLDER}/dark.png")
    driver.quit()
    assert background == "rgb(20, 22, 26)", background


main = browser(1400, 900)
failed = 0
for name, run in [(f.__name__, lambda f=f: f(main)) for f in CHECKS] + [("phone", phone), ("dark", dark)]:
    try:
        run()
        print("ok    ", name.replace("_", " "))
    except Exception:
        failed += 1
        print("FAILED", name.replace("_", " "))
        traceback.print_exc()
main.quit()
print(f"{len(CHECKS) + 2 - failed} passed, {failed} failed")
sys.exit(failed > 0)
