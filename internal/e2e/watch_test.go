package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// axe is axe-core 4.14.1, as npm has it (MPL 2.0): it knows the rules of WCAG.
//
//go:embed testdata/axe.min.js
var axe string

// troubles keeps what goes wrong in a page: reports of its policy, errors of its script,
// what is written to the console as an error.
const troubles = `globalThis.troubles = [];
	addEventListener('securitypolicyviolation', e => troubles.push('the policy forbids ' + e.violatedDirective + ' ' + e.blockedURI));
	addEventListener('error', e => troubles.push('' + (e.message ?? e.target.src ?? e.target.href)), true);
	addEventListener('unhandledrejection', e => troubles.push('' + e.reason));
	for (const word of ['error', 'warn']) console[word] = (...all) => troubles.push(all.join(' '));
	globalThis.alert = () => troubles.push("a stranger's script ran");`

// watched returns a tab that keeps what goes wrong in its pages.
func (b *browser) watched(t *testing.T) *tab {
	t.Helper()
	tab := b.blank(t)
	tab.do(t, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: troubles})
		return err
	}))
	return tab
}

// geometry finds what scrolls sideways, IDs that are used twice, and controls that are
// smaller than 24 pixels; links in a line of text may be as high as the line (WCAG 2.5.8).
const geometry = `(() => {
	const found = [];
	if (document.documentElement.scrollWidth > innerWidth) {
		const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.unseen, .chips'));
		found.push('the page scrolls sideways by ' + (document.documentElement.scrollWidth - innerWidth) + ' px: ' + wide.slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join(' | '));
	}
	const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
	for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) found.push('the id ' + id + ' is used twice');
	for (const e of document.querySelectorAll('button, summary, input:not([type=hidden]), select')) {
		const { width, height } = e.getBoundingClientRect();
		if (width && (width < 24 || height < 24) && !e.closest('.unseen') && !(e.type === 'checkbox' && e.closest('label'))) {
			found.push(Math.round(width) + ' x ' + Math.round(height) + ' px are too small for ' + e.outerHTML.slice(0, 160));
		}
	}
	return found;
})()`

// inspect fails t for each fault of the page: at every width, light and dark, enlarged, and in
// the few colours of a reader who has chosen them. 720 px is what 1440 are at 200 %, 320 what
// 1280 are at 400 %.
func (tab *tab) inspect(t *testing.T) {
	t.Helper()
	evaluate[any](t, tab, axe+"; null")
	at := ""
	faults := func(found []string) {
		t.Helper()
		for _, fault := range found {
			t.Errorf("%s: %s", at, fault)
		}
	}
	for _, scheme := range []string{"light", "dark"} {
		tab.prefers(t, "prefers-color-scheme", scheme)
		for _, width := range []int64{320, 375, 720, 1024, 1440, 2560} {
			at = fmt.Sprintf("%s, %d px", scheme, width)
			tab.size(t, width, 900)
			faults(evaluate[[]string](t, tab, geometry))
			if width != 720 && width != 2560 && (scheme == "light" || width == 1440) { // colours do not depend on the width, nor sizes on colours
				faults(violations(t, tab))
			}
		}
	}
	at = "in the reader's own colours"
	tab.prefers(t, "forced-colors", "active")
	tab.size(t, 1440, 900)
	faults(evaluate[[]string](t, tab, forced))
	tab.prefers(t, "prefers-color-scheme", "light")
	faults(evaluate[[]string](t, tab, `globalThis.troubles`))
}

// forced finds what cannot be told where the browser takes all colours but the reader's own
// away: an outcome without a word or a shape, and a control that does not show that it has
// the focus.
const forced = `(() => {
	const found = [];
	const seen = all => [...document.querySelectorAll(all)].filter(e => e.checkVisibility() && e.getBoundingClientRect().width);
	for (const e of seen('.stamp, .outcome, .steps li')) {
		const { color, backgroundColor } = getComputedStyle(e);
		if (!e.textContent.trim() || !e.querySelector('.icon')) found.push('no word or no shape tells ' + e.outerHTML.slice(0, 160));
		if (color === backgroundColor) found.push('nothing is to be seen of ' + e.outerHTML.slice(0, 160));
	}
	const had = document.activeElement;
	for (const e of seen('a[href], button, summary, input:not([type=hidden]), [tabindex="0"]').filter(e => !e.closest('.skip')).slice(0, 60)) {
		e.focus({ preventScroll: true, focusVisible: true });
		const outlined = [e, e.closest('.field'), e.closest('tr')].some(o => o && getComputedStyle(o).outlineStyle !== 'none' && parseFloat(getComputedStyle(o).outlineWidth) >= 2);
		if (document.activeElement === e && !outlined) found.push('nothing shows the focus on ' + e.outerHTML.slice(0, 160));
	}
	had.focus({ preventScroll: true });
	return found;
})()`

// violations returns what axe finds, by the rules of WCAG 2.2 AA and its best practice.
func violations(t *testing.T, tab *tab) (all []string) {
	t.Helper()
	found := evaluate[string](t, tab, `axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
		.then(r => JSON.stringify(r.violations.map(v => [v.id, v.help, v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' — ' + n.failureSummary.slice(0, 300)).join(' | ')])))`)
	var list [][]string
	if err := json.Unmarshal([]byte(found), &list); err != nil {
		t.Fatal(err)
	}
	for _, v := range list {
		all = append(all, fmt.Sprint(strings.Join(v, ": ")))
	}
	return all
}

// size gives the tab's window another size.
func (tab *tab) size(t *testing.T, width, height int64) {
	t.Helper()
	tab.do(t, chromedp.EmulateViewport(width, height))
}

// prefers lets the tab's reader prefer something, and no motion.
func (tab *tab) prefers(t *testing.T, feature, value string) {
	t.Helper()
	tab.do(t, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: feature, Value: value}, {Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		return err
	}))
}

// picture returns what the window shows, as PNG.
func (tab *tab) picture(t *testing.T) (png []byte) {
	t.Helper()
	tab.do(t, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
		if err == nil {
			png = shot.Data
		}
		return err
	}))
	return png
}
