import { createHash } from 'node:crypto'
import { inLanguage, type Language } from '@erp-steward/service-kit/language'
import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { LONGEST_PASSWORD } from '../credentials/rules/password-policy.ts'

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0; display: grid; min-height: 100vh; place-items: center }
main { width: min(24rem, 90vw); padding: 2rem 0 }
h1 { font-size: 1.4rem; margin: 0 0 .25rem }
label { display: block; margin-top: 1rem }
input { box-sizing: border-box; width: 100%; font: inherit; padding: .5rem }
button { margin-top: 1.5rem; width: 100%; font: inherit; padding: .6rem }
[role=alert] { border-left: .25rem solid; padding-left: .75rem; margin: 1rem 0 0 }
`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/**
 * Headers of a page: it runs no script, loads nothing, stands in no frame and posts only here. `redirectUri` is where the
 * answer to its form leads, which browsers hold against `form-action`, too.
 */
export function pageHeaders(
  language: Language,
  redirectUri: string | null,
): Record<string, string> {
  const targets = ["'self'", ...(redirectUri === null ? [] : [new URL(redirectUri).origin])]
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-language': language,
    'content-security-policy':
      `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action ${targets.join(' ')}; ` +
      "base-uri 'none'; frame-ancestors 'none'",
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  }
}

const words = {
  title: said('Sign in', '登录'),
  to: said('to go on to', '登录后将进入'),
  userName: said('User name', '用户名'),
  password: said('Password', '密码'),
  code: said(
    'Code of your authenticator app, or a recovery code, if you have set one up',
    '身份验证器应用的验证码或恢复码（如已设置）',
  ),
  signIn: said('Sign in', '登录'),
  changeTitle: said('Choose a password of your own', '设置您自己的密码'),
  change: said(
    'The password in force was issued by others, or its time is up. Choose another one.',
    '当前密码由他人签发或已到期，请设置新密码。',
  ),
  currentPassword: said('Password in force', '当前密码'),
  newPassword: said('New password', '新密码'),
  repeated: said('New password again', '再次输入新密码'),
  save: said('Save and sign in', '保存并登录'),
} satisfies Record<string, Bilingual>

export interface SignInPage {
  readonly language: Language
  /** What people call the front end. */
  readonly frontEnd: string
  /** Parameters of the request, sent along with the form. */
  readonly hidden: Readonly<Record<string, string>>
  readonly userName: string
  /** What was wrong with the last try. */
  readonly fault: Bilingual | null
  /** Whether an own password has to be chosen first. */
  readonly mustChange: boolean
}

export function signInPage(page: SignInPage): string {
  const told = inLanguage(words, page.language)
  const { hidden, userName, mustChange } = page
  const fields = Object.entries(hidden)
    .map(
      ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
    )
    .join('\n')
  const password = (name: string, label: string, autocomplete: string) =>
    `<label>${label}<input type="password" name="${name}" autocomplete="${autocomplete}" maxlength="${String(LONGEST_PASSWORD)}" required></label>`
  const code = `<label>${told.code}<input name="code" autocomplete="one-time-code" autocapitalize="none" maxlength="40"></label>`
  return document(page.language, mustChange ? told.changeTitle : told.title, [
    `<p>${told.to} <strong>${escaped(page.frontEnd)}</strong></p>`,
    ...(mustChange ? [`<p>${told.change}</p>`] : []),
    ...(page.fault === null ? [] : [`<p role="alert">${escaped(page.fault[page.language])}</p>`]),
    '<form method="post" action="/v1/authorizations">',
    fields,
    `<label>${told.userName}<input name="user_name" value="${escaped(userName)}" autocomplete="username" autocapitalize="none" maxlength="100" required></label>`,
    ...(mustChange
      ? [
          password('password', told.currentPassword, 'current-password'),
          code,
          password('new_password', told.newPassword, 'new-password'),
          password('new_password_again', told.repeated, 'new-password'),
          `<button>${told.save}</button>`,
        ]
      : [
          password('password', told.password, 'current-password'),
          code,
          `<button>${told.signIn}</button>`,
        ]),
    '</form>',
  ])
}

/** A page that only says something. */
export function wordPage(language: Language, title: Bilingual, text: Bilingual): string {
  return document(language, title[language], [`<p>${escaped(text[language])}</p>`])
}

function document(language: Language, title: string, body: readonly string[]): string {
  return [
    '<!doctype html>',
    `<html lang="${language}">`,
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)} · ERP Steward</title><style>${STYLE}</style></head>`,
    '<body><main>',
    `<h1>${escaped(title)}</h1>`,
    ...body,
    '</main></body></html>',
    '',
  ].join('\n')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '')
}
