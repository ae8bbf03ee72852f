import { expect, test } from 'vitest'
import { coAuthorsOf } from '../../app/git/co-authors.ts'

const blank = ' '.repeat(10_000)
test.each([
  ['a line', 'x\n\nCo-authored-by: Carol <carol@acme.example>', ['Carol <carol@acme.example>']],
  ['any case, indented', '  co-AUTHORED-by:\tCarol<c@x>', ['Carol <c@x>']],
  ['no name', 'Co-authored-by: <c@x>', [' <c@x>']],
  ['no address', 'Co-authored-by: Carol\n<c@x>', []],
  ['an empty address', 'Co-authored-by: Carol <>', ['Carol <>']],
  ['an address that is none', 'Co-authored-by: Carol <Carol <c@x>', ['Carol <Carol <c@x>']],
  ['two addresses', 'Co-authored-by: Carol <c@x> <d@x>', ['Carol <c@x>']],
  ['in the middle of a line', 'x Co-authored-by: Carol <c@x>', []],
  ['carriage returns', 'Co-authored-by: A <a@x>\rCo-authored-by: B <b@x>\r\n', ['A <a@x>', 'B <b@x>']],
  ['one after another', 'Co-authored-by:\nCo-authored-by: B <b@x>', ['B <b@x>']],
  ['spaces without end', `Co-authored-by:${blank}x`, []],
  ['spaces without end before an address', `Co-authored-by: A${blank}<a@x>`, ['A <a@x>']],
  ['addresses that never end', `Co-authored-by: ${'<'.repeat(100_000)}`, []],
  ['many that say nothing', 'Co-authored-by:\r'.repeat(50_000), []],
  ['many in a line', 'Co-authored-by: x Co-authored-by:'.repeat(30_000), []],
])('%s', (_, message, people) => {
  expect(coAuthorsOf(message).map(({ name, email }) => `${name} <${email}>`)).toEqual(people)
})
