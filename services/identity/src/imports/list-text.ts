import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'

/** The text of a list, and whether its encoding was guessed. */
export interface ListText {
  readonly text: string
  readonly guessed: boolean
}

/** What callers may name in `charset`. GBK and GB 2312 are parts of GB 18030. */
const CHARSETS: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  gb18030: 'gb18030',
  gbk: 'gb18030',
  gb2312: 'gb18030',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
}

/**
 * The text in the encoding that the caller names or the byte order mark says; otherwise UTF-8, and where it is not that,
 * GB 18030, as spreadsheets in China write it without a word.
 *
 * @throws Problem `import-unreadable`
 */
export function listText(body: Buffer, charset: string | undefined): ListText {
  const marked = body[0] === 0xff && body[1] === 0xfe ? 'utf-16le' : undefined
  const named = charset === undefined ? marked : CHARSETS[charset.toLowerCase()]
  if (charset !== undefined && named === undefined)
    throw new Problem(
      'import-unreadable',
      said(
        `There is no charset ${charset.slice(0, 40)}; there are utf-8, gbk, gb18030 and utf-16le.`,
        `没有字符集 ${charset.slice(0, 40)}；可用的有 utf-8、gbk、gb18030 和 utf-16le。`,
      ),
    )
  for (const encoding of named === undefined ? ['utf-8', 'gb18030'] : [named]) {
    try {
      // Drops the byte order mark by itself.
      const text = new TextDecoder(encoding, { fatal: true }).decode(body)
      return { text, guessed: named === undefined && encoding !== 'utf-8' }
    } catch {
      // Not this one.
    }
  }
  throw new Problem(
    'import-unreadable',
    said(
      `The list is not ${named ?? 'UTF-8 or GB 18030'}.`,
      `该列表的编码不是 ${named ?? 'UTF-8 或 GB 18030'}。`,
    ),
  )
}
