"""What an operator does with the mosaic all night: enlarge, try a layout, find a camera, change his mind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.browser import chromium, slow_down, type_fast
from tests.e2e.daemon import Client, Site, logged_in, running_daemon
from tests.e2e.test_console import open_console
from tests.waiting import patiently

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.timeout(120),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("console_daily"),
]


@dataclass(frozen=True)
class Desk:
    """A running box and a browser before it."""

    site: Site
    browser: Browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """Both for all tests of the module: each gets a box without cameras and mosaics, and a profile of its own."""
    site = Site(tmp_path_factory.mktemp("daily") / "state")
    async with running_daemon(site), chromium() as browser:
        yield Desk(site, browser)


async def empty(admin: Client) -> None:
    """Take away what an earlier test left."""
    for kind, key in (("mosaics", "mosaic_id"), ("cameras", "camera_id")):
        for left in (await admin.call("GET", f"/{kind}", expect=200))["items"]:
            await admin.call("DELETE", f"/{kind}/{left[key]}", expect=204)


async def add_absent(admin: Client, number: int) -> None:
    """Add a camera that nobody plugged in: it has a tile like any other."""
    body = {
        "camera_id": f"cam{number:02}",
        "name": f"Câmera {number}",
        "vendor": "generic_rtsp",
        "main_url": f"rtsp://127.0.0.1:9/{number}",
        "skip_probe": True,
    }
    await admin.call("POST", "/cameras", body, expect=201)


@asynccontextmanager
async def live_room(desk: Desk, cameras: int, **options: object) -> AsyncIterator[Page]:
    """The live room of an administrator with *cameras* cameras."""
    site = desk.site
    async with logged_in(site) as admin:
        await empty(admin)
        for number in range(1, cameras + 1):
            await add_absent(admin, number)
        page, _ = await open_console(
            desk.browser, site, "admin", site.password, locale="pt-BR", **options
        )
        try:
            await page.wait_for_selector(".place .tile-name")
            yield page
        finally:
            await page.context.close()


async def names(page: Page) -> list[str]:
    return await page.locator(".place .tile-name").all_inner_texts()


async def covers_the_mosaic(page: Page) -> bool:
    covered: bool = await page.evaluate(
        """() => {
            const large = document.querySelector('.place.large').getBoundingClientRect();
            const room = document.querySelector('.mosaic').getBoundingClientRect();
            return large.width > room.width - 12 && large.height > room.height - 12;
        }"""
    )
    return covered


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desk", "phone"])
async def test_every_tile_of_1_and_5_enlarges_to_the_whole_mosaic(
    desk: Desk, size: tuple[int, int]
) -> None:
    viewport = {"width": size[0], "height": size[1]}
    async with live_room(desk, 5, viewport=viewport) as page:
        for tile in ("1", "4"):
            await page.keyboard.press(tile)
            await page.keyboard.press("Enter")
            await page.wait_for_selector(".place.large")
            assert await covers_the_mosaic(page)
            await page.keyboard.press("Escape")
            await expect(page.locator(".place.large")).to_have_count(0)
        if size[0] > 1000:
            await page.keyboard.press("c")
            await page.wait_for_selector(".place.large")
            assert await covers_the_mosaic(page)


async def test_a_layout_that_was_only_tried_loses_no_camera(desk: Desk) -> None:
    async with live_room(desk, 5, viewport={"width": 1440, "height": 900}) as page:
        layouts = page.get_by_role("group", name="Disposição")
        await layouts.get_by_text("2×2").click()
        await expect(page.locator(".facts-line")).to_contain_text("1 câmera não cabe")
        await layouts.get_by_text("1+5").click()

        assert await names(page) == [f"Câmera {number}" for number in range(1, 6)]


async def test_a_saved_mosaic_leaves_all_cameras_and_every_button_in_reach(desk: Desk) -> None:
    async with live_room(desk, 5, viewport={"width": 1440, "height": 900}) as page:
        await page.click("text=Salvar mosaico")
        await page.fill("dialog input", "Entrada principal e pátio de manobras da madrugada")
        await page.keyboard.press("Enter")
        chooser = page.get_by_role("combobox", name="Mosaico")
        await expect(chooser).to_be_visible()

        await page.get_by_role("group", name="Disposição").get_by_text("3×3").click()
        cut = await page.evaluate(
            """() => [...document.querySelectorAll('.live-bar button')].filter((button) => {
                const box = button.getBoundingClientRect();
                const at = document.elementFromPoint(box.x + box.width - 3, box.y + box.height / 2);
                return box.width === 0 || !button.contains(at);
            }).map((button) => button.innerText)"""
        )
        assert cut == []

        await chooser.select_option(label="Todas as câmeras")
        await expect(page.locator(".room-bar > h1")).to_have_text("Todas as câmeras")
        await page.click("text=Desfazer")
        await expect(page.locator(".facts-line")).to_contain_text("alterado")
        await expect(page.locator(".place")).to_have_count(9)

        await page.click("text=Descartar")
        await page.get_by_role("button", name="Opções do mosaico").click()
        await expect(page.get_by_role("menuitem")).to_have_text(
            ["Renomear", "Salvar como novo", "Excluir…"]
        )


async def test_keys_mean_the_tile_after_a_click_on_the_rail(desk: Desk) -> None:
    async with live_room(desk, 2, viewport={"width": 1440, "height": 900}) as page:
        await page.click("nav >> text=Ao vivo")
        await page.keyboard.press("2")
        await page.keyboard.press("Enter")

        await expect(page.locator(".place.large .tile-name")).to_have_text("Câmera 2")


async def test_finding_a_camera_shows_it_and_leaves_the_mosaic_alone(desk: Desk) -> None:
    async with live_room(desk, 3, viewport={"width": 1440, "height": 900}) as page:
        await page.keyboard.press("1")
        await page.keyboard.press("/")
        await page.keyboard.type("câmera 3")
        await page.keyboard.press("Enter")
        await expect(page.locator(".place.large .tile-name")).to_have_text("Câmera 3")
        await expect(page.locator(".facts-line")).not_to_contain_text("alterado")

        await page.locator(".place.large").press("Escape")
        await page.locator(
            "[aria-label='Janela 3: Câmera 3'] [aria-label='Tirar da janela']"
        ).click()
        await page.click("[aria-label='Janela 3: Janela vazia']")
        await expect(page.locator(".panel-find")).to_contain_text("Escolha a câmera da janela 3")
        await page.click(".panel >> text=Câmera 2")

        assert await names(page) == ["Câmera 1", "Câmera 2"]
        await expect(page.locator("[aria-label='Janela 3: Câmera 2']")).to_be_visible()


async def test_who_types_faster_than_the_page_draws_finds_the_camera_he_typed(
    desk: Desk,
) -> None:
    async with live_room(desk, 9, viewport={"width": 1440, "height": 900}) as page:
        await slow_down(page, 6)
        large = page.locator(".place.large .tile-name")
        await type_fast(page, "1", "/", *"câmera 3", "Enter")
        await expect(large).to_have_text("Câmera 3")

        # The list is open already and the focus is elsewhere: the keys go to the list all the same.
        await page.locator(".place.large").press("Escape")
        await expect(page.locator(".place.large")).to_have_count(0)
        await type_fast(page, "2", "/", *"câmera 7", "Enter")
        await expect(large).to_have_text("Câmera 7")

        # "c" and "m" are keys of the mosaic; none of them was pressed there.
        await expect(page.get_by_role("button", name="Sequência")).to_have_attribute(
            "aria-pressed", "false"
        )


async def test_a_running_sequence_gives_way_to_the_camera_that_is_asked_for(
    desk: Desk,
) -> None:
    async with live_room(desk, 3, viewport={"width": 1440, "height": 900}) as page:
        large = page.locator(".place.large .tile-name")
        await page.keyboard.press("c")
        await expect(large).to_have_text("Câmera 1")

        await type_fast(page, "/", *"câmera 3", "Enter")
        await expect(large).to_have_text("Câmera 3")

        await page.locator(".place.large").press("Escape")
        await page.keyboard.press("c")
        await expect(large).to_have_text("Câmera 1")
        await page.keyboard.press("Escape")
        await expect(large).to_have_count(0)


async def test_keys_pressed_while_a_dialog_opens_belong_to_it(desk: Desk) -> None:
    async with live_room(desk, 2, viewport={"width": 1440, "height": 900}) as page:
        await slow_down(page, 6)
        await page.get_by_role("button", name="Salvar mosaico").focus()
        await type_fast(page, "Enter", *"cofre f", "Enter")

        await expect(page.locator("dialog")).to_have_count(0)
        await expect(page.locator(".mosaic-name option:checked")).to_have_text("cofre f")


async def test_old_news_is_never_told_as_the_present(desk: Desk) -> None:
    async with live_room(desk, 1, viewport={"width": 1440, "height": 900}) as page:
        await page.click("nav >> text=Saúde")
        await page.wait_for_selector(".health-cards")

        await page.route("**/api/v1/**", lambda route: route.abort())
        note = page.locator(".health > .note", has_text="Sem notícias")
        await expect(note).to_be_visible(timeout=patiently(20_000))
        await expect(page.locator(".top")).to_contain_text("sem notícias há")
        await expect(page.locator(".health.old")).to_be_visible()
        await expect(page.locator("text=Tudo certo")).to_have_count(0)

        await page.unroute("**/api/v1/**")
        await expect(page.locator(".health.old")).to_have_count(0, timeout=patiently(20_000))


async def test_answers_that_are_errors_are_said_in_every_room(desk: Desk) -> None:
    async with live_room(desk, 1, viewport={"width": 1440, "height": 900}) as page:
        body = '{"code": "internal", "detail": "Something broke.", "status": 500}'
        for pattern in ("**/api/v1/status", "**/api/v1/cameras"):
            await page.route(
                pattern,
                lambda route: route.fulfill(
                    status=500, content_type="application/problem+json", body=body
                ),
            )
        banner = page.locator(".banner")
        await expect(banner).to_contain_text("responde com erro desde", timeout=patiently(20_000))
        await expect(banner).to_contain_text("código internal")
        await page.click("nav >> text=Câmeras")
        await expect(page.locator(".room-bar")).to_contain_text("atrás", timeout=patiently(20_000))
        await expect(page.locator(".old .camera-table")).to_be_visible()
        await expect(page.locator(".room-bar")).not_to_contain_text("gravando")

        await page.reload()
        await expect(page.locator(".room-body").get_by_role("alert")).to_contain_text(
            "Algo deu errado no equipamento", timeout=patiently(20_000)
        )
        await expect(page.locator("text=Something broke")).to_have_count(0)


async def test_a_drawer_asks_before_it_drops_what_was_typed(desk: Desk) -> None:
    async with live_room(desk, 1, viewport={"width": 1440, "height": 900}) as page:
        await page.click("nav >> text=Câmeras")
        await page.get_by_role("button", name="Adicionar câmera").click()
        await expect(page.locator("input[name=host]")).to_be_focused()
        top = await page.evaluate(
            "() => document.querySelector('dialog').getBoundingClientRect().top"
        )
        assert top >= 48

        await page.keyboard.type("10.0.0.77")
        await page.keyboard.press("Escape")
        await expect(page.get_by_text("Descartar o que foi digitado?")).to_be_visible()
        await page.get_by_role("button", name="Cancelar").last.click()
        await expect(page.locator("input[name=host]")).to_have_value("10.0.0.77")

        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="Descartar").click()
        await expect(page.locator("dialog")).to_have_count(0)
        await expect(page.get_by_role("button", name="Adicionar câmera")).to_be_focused()
