"""The form of an upload: where files are dropped, and how their batch is to be done."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from nicegui import events, html, ui

from worker.batch import HIGHEST, LOWEST
from worker.desk.pages.frame import View
from worker.desk.pages.saying import tell
from worker.desk.pages.upload.receiving import CSRF, PATH

_PRIORITY = 5
_MOST_FILES = 200
_BUDGET = re.compile(r"([1-9][0-9]{0,5}(\.[0-9]{1,6})?|0\.[0-9]{0,5}[1-9])?", re.ASCII)


class Form:
    """What is handed in by one person."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._words = words = view.words
        self._follow: Callable[[int], Awaitable[None]] | None = None
        with html.section().classes("upload-form") as section:
            section.props["aria-label"] = words("upload.title")
            self._uploader = self._drop_zone()
            with html.div().classes("upload-fields"):
                self._name = ui.input(words("upload.name"), value=_name(view)).props(
                    "outlined dense maxlength=200"
                )
                self._priority = ui.select(
                    {number: self._priority_said(number) for number in range(HIGHEST, LOWEST - 1, -1)},
                    value=_PRIORITY,
                    label=words("upload.priority"),
                ).props("outlined dense options-dense")
                self._budget = ui.input(
                    words("upload.budget"), validation={words("upload.budget.wrong"): is_budget}
                ).props("outlined dense inputmode=decimal prefix=$ hide-bottom-space")
                self._begin = ui.button(words("upload.begin"), on_click=self._send, color=None)
                self._begin.props("flat no-caps").classes("desk-button desk-main-button upload-begin")
            self._told = html.p().classes("upload-told").props('role="status"')

    def on_batch(self, follow: Callable[[int], Awaitable[None]]) -> None:
        """What to call with the id of the batch, when a file of it has arrived."""
        self._follow = follow

    def _priority_said(self, number: int) -> str:
        named = {HIGHEST: "highest", _PRIORITY: "usual", LOWEST: "lowest"}
        return (
            f"{number} · {self._words(f'upload.priority.{named[number]}')}"
            if number in named
            else str(number)
        )

    def _drop_zone(self) -> ui.upload:
        words, limits = self._words, self._view.desk.settings
        uploader = ui.upload(multiple=True, max_files=_MOST_FILES, max_file_size=int(limits.max_unpacked))
        # The toolkit would hold each file in memory and know no bound: the bytes go to a route of ours.
        uploader.props["url"] = PATH
        uploader.props["field-name"] = "file"
        uploader.props["headers"] = [{"name": CSRF, "value": self._view.session.csrf}]
        uploader.props("flat").classes("upload-zone")
        uploader.add_slot(
            "header",
            _HEADER.format(
                drop=words("upload.drop"), choose=words("upload.choose"), kinds=words("upload.kinds")
            ),
        )
        uploader.add_slot(
            "list", _LIST.format(remove=words("upload.remove"), failed=words("upload.not_arrived"))
        )
        text = "(info) => emit(info.xhr ? info.xhr.responseText : '')"
        uploader.on("uploaded", self._arrived, js_handler=text)
        uploader.on("failed", self._failed, js_handler=text)
        # What has arrived stands in the list below.
        uploader.on("finish", lambda: uploader.run_method("removeUploadedFiles"), args=[])
        uploader.on("rejected", self._rejected, args=[])
        return uploader

    def _send(self) -> None:
        words = self._words
        if not self._budget.validate():
            return
        if not (name := self._name.value.strip()):
            tell(self._told, words("upload.name.missing"), bad=True)
            return
        fields = {"name": name, "priority": str(self._priority.value), "budget_usd": self._budget.value}
        self._uploader.props["form-fields"] = [
            {"name": key, "value": value} for key, value in fields.items() if value
        ]
        self._uploader.update()
        tell(self._told, "")
        self._uploader.run_method("upload")

    async def _arrived(self, event: events.GenericEventArguments) -> None:
        batch = json.loads(event.args)["id"]
        ui.run_javascript(f"overview.address('?batch={int(batch)}')")
        if self._follow:
            await self._follow(int(batch))

    def _failed(self, event: events.GenericEventArguments) -> None:
        said = str(event.args)[:500]
        tell(
            self._told, self._words("upload.failed", why=said or self._words("upload.not_arrived")), bad=True
        )

    def _rejected(self) -> None:
        size = f"{self._view.desk.settings.max_unpacked:,}"
        tell(self._told, self._words("upload.rejected", files=_MOST_FILES, size=size), bad=True)


def _name(view: View) -> str:
    return f"{view.user.name} {datetime.now(UTC):%Y-%m-%d %H:%M}"


def is_budget(given: str) -> bool:
    """Whether a text is an amount in US dollars; no text is, too: without a bound."""
    return _BUDGET.fullmatch((given or "").strip()) is not None


_HEADER = """
<div class="upload-drop">
  <q-icon name="upload_file" aria-hidden="true"></q-icon>
  <p class="upload-drop-words">{drop}</p>
  <label class="desk-unseen">{choose}<q-uploader-add-trigger></q-uploader-add-trigger></label>
  <q-btn flat no-caps class="desk-button" @click="props.pickFiles">{choose}</q-btn>
  <p class="desk-quiet">{kinds}</p>
</div>
"""
_LIST = """
<ul class="upload-list" v-if="props.files.length">
  <li v-for="file in props.files" :key="file.__key" :class="'is-' + file.__status">
    <span class="upload-file">{{{{ file.name }}}}</span>
    <span class="desk-quiet">{{{{ file.__sizeLabel }}}}</span>
    <span class="upload-state">
      <template v-if="file.__status === 'uploading'">{{{{ file.__progressLabel }}}}</template>
      <q-icon v-else-if="file.__status === 'uploaded'" name="check" role="img" aria-label="100 %"></q-icon>
      <template v-else-if="file.__status === 'failed'">{failed}</template>
    </span>
    <q-btn v-if="file.__status !== 'uploading'" flat round dense size="sm" icon="close"
      :aria-label="'{remove}: ' + file.name" @click="props.removeFile(file)"></q-btn>
  </li>
</ul>
"""
