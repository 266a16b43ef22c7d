package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	browsers "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/security"
	"github.com/chromedp/chromedp"
)

// underPrefix shows all of wsinspect under a prefix, beside an application that has a fault
// and its cure, one location each.
const underPrefix = `
gzip on;
gzip_types *; # the feed too
gzip_min_length 0;
gzip_proxied any;

location /debug/ws/ {
    proxy_pass http://localhost:8080/;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Prefix /debug/ws;
}
location /faulty/ {
    proxy_pass http://localhost:8080/app/;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_set_header X-Forwarded-Proto $scheme;
}
location /cured/ {
    proxy_pass http://localhost:8080/app/;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Proto $scheme;
}`

// leads finds what the screen links to or loads that is not there, or not below the prefix.
const leads = `(async () => {
	const wrong = [], fetched = new Map();
	const named = [...document.querySelectorAll('[href], [src], [action], [data-feed], [data-icons]')]
		.flatMap(e => ['href', 'src', 'action', 'data-icons'].filter(a => e.hasAttribute(a)).map(a => new URL(e.getAttribute(a), location)));
	for (const u of named.filter(u => u.origin === location.origin)) {
		const { hash, href } = u, id = hash.slice(1);
		u.hash = '';
		if (!/^\/debug\/ws\/inspect($|\/)/.test(u.pathname)) { wrong.push(href + ' leads out of the prefix'); continue; }
		const here = u.href === location.href.split('#')[0];
		if (!here && !fetched.has(u.href)) {
			const answer = await fetch(u, { headers: { Accept: 'text/html' } });
			if (!answer.ok) wrong.push(answer.status + ' for ' + u.href);
			fetched.set(u.href, await answer.text());
		}
		if (id && !(here ? document.getElementById(id) : fetched.get(u.href).includes('id="' + id + '"'))) {
			wrong.push('nothing is called ' + href);
		}
	}
	for (const e of performance.getEntriesByType('resource')) {
		if (e.responseStatus >= 400) wrong.push(e.responseStatus + ' for ' + e.name + ', which the page loaded');
	}
	for (const e of performance.getEntriesByType('navigation')) {
		if (e.encodedBodySize >= e.decodedBodySize) wrong.push(e.name + ' came without gzip');
	}
	return wrong;
})()`

// TestUnderPrefix walks every screen behind nginx, under a prefix, compressed and over TLS:
// every link and every file is there, and the page breaks nothing.
func TestUnderPrefix(t *testing.T) {
	t.Parallel()
	ws := startInspector(t)
	conf := replaceOnce(t, serverWith(thePage+strings.ReplaceAll(underPrefix, "localhost:8080", "localhost:"+ws.port)),
		"listen 8081;", "listen 8081 ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem;")
	cert, key := certificate(t)
	proxy := startNginx(t, conf, files{"cert.pem": cert, "key.pem": key})
	origin := "https://localhost:" + proxy.port
	root := origin + "/debug/ws/inspect"

	chromium := startBrowser(t)
	app, page := chromium.trusting(t), chromium.trusting(t)
	app.navigate(t, origin)
	page.size(t, 1440, 900)
	page.navigate(t, root)
	page.await(t, `document.querySelector('#feed').dataset.state === 'live'`)
	holdsUp := func(t *testing.T, words ...string) {
		t.Helper()
		page.shows(t, words...)
		for _, wrong := range append(evaluate[[]string](t, page, leads), evaluate[[]string](t, page, `globalThis.troubles`)...) {
			t.Errorf("on %s: %s", evaluate[string](t, page, `location.href`), wrong)
		}
	}
	t.Run("empty", func(t *testing.T) { holdsUp(t, "Nothing has arrived yet.", "localhost:"+proxy.port+"/debug/ws") })

	t.Run("list", func(t *testing.T) {
		evaluate[bool](t, page, `globalThis.neverReloaded = true`)
		app.dial(t, "/faulty/", "hello")
		page.await(t, `document.querySelector('#rows a[href^="inspect/"]') !== null`)
		app.dial(t, "/cured/", "hello")
		page.await(t, `document.querySelectorAll('#rows tr').length === 2`)
		if !evaluate[bool](t, page, `globalThis.neverReloaded === true && document.querySelector('#feed').dataset.state === 'live'`) {
			t.Error("the rows did not come by the live feed")
		}
		holdsUp(t, "host-not-forwarded", "/app/")
	})
	found := ws.attempts(t, nil)
	after, before := found[0].ID, found[1].ID

	t.Run("attempt", func(t *testing.T) {
		page.follow(t, before)
		page.await(t, `document.querySelector('[data-copy=c].copying') !== null`)
		holdsUp(t, "403", "proxy_set_header Host")
		page.allow(t, "clipboard-read")
		page.press(t, 'c')
		page.await(t, `document.querySelector('[role=status].unseen').textContent === 'Copied.'`)
		if got := evaluate[string](t, page, `navigator.clipboard.readText()`); !strings.Contains(got, "proxy_set_header Host $http_host;") {
			t.Errorf("the cure was copied as %q", got)
		}
		for _, view := range []string{"bytes", "lines"} {
			page.follow(t, "view="+view)
			holdsUp(t)
		}
	})
	t.Run("compare", func(t *testing.T) {
		page.follow(t, "compare?a="+before)
		holdsUp(t)
		page.follow(t, "b="+after)
		holdsUp(t, "It works now.")
	})
	t.Run("self-test", func(t *testing.T) {
		page.navigate(t, root+"/selftest?minutes=0.05&ping=1")
		page.await(t, `!document.querySelector('#test').hidden`)
		page.hit(t, "#run")
		page.await(t, `document.querySelector('#run').textContent === 'Run again'`)
		holdsUp(t, "101 after", "“hello”", "64 KiB", "1000, both sides", "still open after")
		page.click(t, "#links a")
		holdsUp(t, "/inspect/selftest")
	})
	for path, words := range map[string]string{
		"/checks": "Origin", "/checks/origin-same-host": "gorilla", "/causes": "Host", "/causes/host-not-forwarded": "Seen here",
		"/keys": "Next attempt", "/?q=path:/app": "2 of", "/nowhere/at/all": "",
	} {
		t.Run(path, func(t *testing.T) {
			page.navigate(t, root+path)
			page.await(t, `document.readyState === 'complete'`)
			holdsUp(t, words)
		})
	}
}

// trusting returns a watched tab that takes any certificate for a good one.
func (b *browser) trusting(t *testing.T) *tab {
	t.Helper()
	tab := b.watched(t)
	tab.do(t, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, security.SetIgnoreCertificateErrors, security.SetIgnoreCertificateErrorsParams{Ignore: true})
		return err
	}))
	return tab
}

// allow grants every page a permission that a reader would be asked for.
func (tab *tab) allow(t *testing.T, name string) {
	t.Helper()
	tab.do(t, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.CallBrowser(ctx, browsers.SetPermission, browsers.SetPermissionParams{
			Permission: &browsers.PermissionDescriptor{Name: name}, Setting: browsers.PermissionSettingGranted,
		})
		return err
	}))
}

// TestRestart: a page that stays open tells that the server behind its address is another
// process now.
func TestRestart(t *testing.T) {
	t.Parallel()
	address := []string{"--open", "--listen", "127.0.0.1:" + freePort(t)}
	ws := startListening(t, "", address...)
	ws.fails(t, "/before")
	page := startBrowser(t).watched(t)
	page.navigate(t, ws.url+"/inspect")
	page.await(t, `document.querySelector('#feed').dataset.state === 'live'`)
	if err := ws.end(15); err != nil {
		t.Fatal(err)
	}
	startListening(t, "", address...).fails(t, "/after")
	page.await(t, `document.querySelector('#restarted')?.textContent.includes('wsinspect was restarted at')`)
	page.shows(t, "Attempts before it are gone.", "/before")
	page.click(t, "#restarted button")
	page.await(t, `document.querySelector('#feed').dataset.state === 'live'`)
	if text := page.text(t); strings.Contains(text, "/before") || strings.Contains(text, "was restarted") || !strings.Contains(text, "/after") {
		t.Errorf("after the reload the page reads:\n%s", text)
	}
}

// TestNewVersion: a page that hears of another version than its own reloads itself. The
// newer one is nginx's doing, from the moment that the browser has a cookie.
func TestNewVersion(t *testing.T) {
	t.Parallel()
	ws := startInspector(t)
	proxy := startNginx(t, serverWith(fmt.Sprintf(`
set $newer "";
if ($cookie_newer) { set $newer newer-; }
location /inspect {
    proxy_pass http://localhost:%s;
    sub_filter 'data-version="' 'data-version="$newer';
    sub_filter '{"version":"' '{"version":"$newer';
    sub_filter_types text/event-stream;
}`, ws.port)), nil)
	page := startBrowser(t).open(t, proxy.url+"/inspect")
	page.await(t, `document.querySelector('#feed').dataset.state === 'live'`)
	ctx, cancel := context.WithTimeout(page.ctx, patience)
	defer cancel()
	comesBack := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := chromedp.Evaluate[bool](`document.cookie = 'newer=yes'; document.dispatchEvent(new Event('visibilitychange')) // it listens anew`)(ctx, target)
		return err
	})
	if _, err := chromedp.RunResponse(ctx, comesBack); err != nil {
		t.Fatalf("the page did not reload itself: %v", err)
	}
	page.await(t, `document.querySelector('#feed').dataset.state === 'live'`)
	if got := evaluate[string](t, page, `document.body.dataset.version`); !strings.HasPrefix(got, "newer-") {
		t.Errorf("the page is of version %s", got)
	}
}
