import { once } from 'node:events'
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { apacheSite, noApache, type ApacheSite } from './apache-site.ts'
import { openSignInSite, type SignInSite } from './sign-in-site.ts'
import { testWith } from '@erp-steward/test-kit/test-with'

let site: SignInSite
let apache: ApacheSite
beforeAll(async () => {
  site = await openSignInSite()
  apache = await apacheSite()
})
afterAll(async () => {
  await apache.stop()
  await site.close()
})

interface Shown {
  readonly url: string
  readonly text: string
  readonly headers: IncomingHttpHeaders
}

/** What a browser keeps, and how it goes from page to page. */
class Browser {
  readonly #cookies = new Map<string, Map<string, string>>()

  async open(url: string, form?: URLSearchParams): Promise<Shown> {
    const { host } = new URL(url)
    const kept = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, kept)
    // Not by fetch, which says of itself that it does not navigate.
    const asked = request(url, {
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'text/html',
        cookie: [...kept].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
    }).end(form?.toString())
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    const text = Buffer.concat(await answer.toArray()).toString()
    for (const cookie of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      kept.set(name, value)
    }
    const { location } = answer.headers
    return location === undefined
      ? { url, text, headers: answer.headers }
      : this.open(new URL(location, url).href)
  }
}

/** Fills the page in and sends it. */
async function signIn(
  browser: Browser,
  page: string,
  at: string,
  who: { readonly userName: string; readonly password: string },
) {
  const form = new URLSearchParams()
  for (const [, name = '', value = ''] of page.matchAll(
    /<input type="hidden" name="([^"]*)" value="([^"]*)">/g,
  ))
    form.append(name, value.replaceAll('&amp;', '&').replaceAll('&quot;', '"'))
  form.append('user_name', who.userName)
  form.append('password', who.password)
  const action = /<form method="post" action="([^"]*)">/.exec(page)?.[1] ?? ''
  return browser.open(new URL(action, at).href, form)
}

testWith(
  noApache,
  "[A-2.2.1][A-2.2.6] Debian's mod_auth_openidc signs a person in by discovery, code and PKCE, and out again",
  async () => {
    const person = await site.addPerson()
    const { id, secret } = await site.addFrontEnd(apache.callback, apache.bye)
    await apache.start({ issuer: site.issuer, clientId: id, secret })
    const browser = new Browser()
    const shown = await browser.open(apache.page)
    expect(shown.url).toContain(`${site.issuer}/v1/authorizations`)
    const inside = await signIn(browser, shown.text, shown.url, person)
    expect(inside.url).toBe(apache.page)
    expect(inside.text).toBe('inside')
    expect(inside.headers['x-person']).toContain(person.id)

    const sessions = () =>
      site.identity.db.query<{ reason: string | null }[]>(
        'select end_reason as reason from session where account_id = $1',
        [person.id],
      )
    expect(await sessions()).toEqual([{ reason: null }])
    const out = await browser.open(`${apache.callback}?logout=${encodeURIComponent(apache.bye)}`)
    expect(out.url.split('?')[0]).toBe(apache.bye)
    expect(await sessions()).toEqual([{ reason: 'signed-out' }])
    const again = await browser.open(apache.page)
    expect(again.url).toContain(`${site.issuer}/v1/authorizations`)
  },
)
