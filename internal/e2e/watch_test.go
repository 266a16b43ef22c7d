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

// inspect fails t for each fault of the page, at every width, light and dark.
func (tab *tab) inspect(t *testing.T) {
	t.Helper()
	evaluate[any](t, tab, axe+"; null")
	for _, scheme := range []string{"light", "dark"} {
		tab.scheme(t, scheme)
		for _, width := range []int64{320, 375, 1024, 1440} {
			tab.size(t, width, 900)
			for _, fault := range evaluate[[]string](t, tab, geometry) {
				t.Errorf("%s, %d px: %s", scheme, width, fault)
			}
			if scheme == "dark" && width != 1440 { // colours do not depend on the width, nor sizes on colours
				continue
			}
			for _, v := range violations(t, tab) {
				t.Errorf("%s, %d px: axe: %s", scheme, width, v)
			}
		}
	}
	for _, trouble := range evaluate[[]string](t, tab, `globalThis.troubles`) {
		t.Errorf("in the page: %s", trouble)
	}
}

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

// scheme lets the tab's reader prefer light or dark.
func (tab *tab) scheme(t *testing.T, scheme string) {
	t.Helper()
	tab.do(t, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
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
