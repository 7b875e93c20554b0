import { expect, test } from '@jest/globals'
import { redirectFault } from '../../src/clients/rules/redirect-uri.ts'

test.each([
  ['https://front.example.test/callback', null],
  ['https://front.example.test/callback?tenant=a', null],
  ['https://front.example.test', null],
  ['https://front.example.test:8443/', null],
  ['http://127.0.0.1:3000/callback', null],
  ['http://localhost/callback', null],
  ['http://[::1]:3000/callback', null],
  ['http://front.example.test/callback', 'clear-text'],
  ['http://127.0.0.1.example.test/', 'clear-text'],
  ['javascript:alert(1)', 'clear-text'],
  ['data:text/html,x', 'clear-text'],
  ['com.example.app:/callback', 'clear-text'],
  ['/callback', 'not-absolute'],
  ['front.example.test', 'not-absolute'],
  ['', 'not-absolute'],
  ['https://front.example.test/callback#x', 'ambiguous'],
  ['https://user@front.example.test/', 'ambiguous'],
  ['https://*.example.test/', 'ambiguous'],
  ['https://front.example.test/a/../b', 'ambiguous'],
  ['https://FRONT.example.test/', 'ambiguous'],
  ['https://front.example.test\\@evil.example.test/', 'ambiguous'],
  ['https://front.example.test/ x', 'ambiguous'],
  [' https://front.example.test/', 'ambiguous'],
  ['https://例子.example.test/', 'ambiguous'],
])('%s: %s', (address, fault) => {
  expect(redirectFault(address)).toBe(fault)
})
