#!/usr/bin/env bash
# scim2-parse-filter 0.2.10 (with its parse and filter), scimmy 1.3.5 (Types.Filter) (seen 2026-12-01)
#
# Eleven filters that RFC 7644 3.4.2.2 allows, held against one user. Presence of null and of an empty list, `and` within
# brackets (one value has to fit both), `not` and parentheses within brackets, a multi-valued attribute without `.value`
# (the RFC's own example has `emails co "example.com"`), an instant in another zone, the URN of the core schema, a quote
# within a text: of each the libraries answer another part wrongly, and mostly without an error, so that a directory that
# looks somebody up gets the wrong people or nobody. Five of the eleven neither has right.
#
# Seen: the table at the end of this file. Exit 1 if that changes.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work" scim2-parse-filter@0.2.10 scimmy@1.3.5
cat > "$work/finding.mjs" <<'JS'
import { Types } from 'scimmy'
import { filter, parse } from 'scim2-parse-filter'

const user = {
  userName: 'bjensen',
  nickName: null,
  title: 'a "quoted" word',
  emails: [
    { value: 'a@home.test', type: 'home' },
    { value: 'b@work.test', type: 'work' },
  ],
  phoneNumbers: [],
  meta: { lastModified: '2026-05-13T04:42:34Z' },
}
const wanted = {
  'nickName pr': false,
  'phoneNumbers pr': false,
  'emails pr': true,
  'emails co "work.test"': true,
  'emails[type eq "home" and value co "@work"]': false,
  'emails[not (type eq "work")]': true,
  'emails[type eq "work" and (value co "x" or value co "work")]': true,
  'not (emails[type eq "work"])': false,
  'meta.lastModified eq "2026-05-13T12:42:34+08:00"': true,
  'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bjensen"': true,
  'title eq "a \\"quoted\\" word"': true,
}
const answersOf = {
  parseFilter: (text) => filter(parse(text))(user),
  scimmy: (text) => new Types.Filter(text).match([user]).length === 1,
}
for (const [text, right] of Object.entries(wanted)) {
  const answers = Object.entries(answersOf).map(([name, answer]) => {
    try {
      return `${name} ${answer(text) === right ? 'right' : 'wrong'}`
    } catch {
      return `${name} throws`
    }
  })
  console.log(`${text}: ${answers.join(', ')}`)
}
JS
diff <(node "$work/finding.mjs") - <<'SEEN'
nickName pr: parseFilter wrong, scimmy wrong
phoneNumbers pr: parseFilter wrong, scimmy throws
emails pr: parseFilter right, scimmy throws
emails co "work.test": parseFilter wrong, scimmy throws
emails[type eq "home" and value co "@work"]: parseFilter wrong, scimmy right
emails[not (type eq "work")]: parseFilter wrong, scimmy right
emails[type eq "work" and (value co "x" or value co "work")]: parseFilter right, scimmy wrong
not (emails[type eq "work"]): parseFilter right, scimmy wrong
meta.lastModified eq "2026-05-13T12:42:34+08:00": parseFilter wrong, scimmy wrong
urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bjensen": parseFilter wrong, scimmy wrong
title eq "a \"quoted\" word": parseFilter right, scimmy throws
SEEN
