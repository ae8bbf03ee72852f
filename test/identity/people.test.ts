import { describe, expect, test } from 'vitest'
import { directory, good, read } from './data-files.ts'

describe('people are found', () => {
  test('by login and number together', () => {
    expect(directory().person('ALICE', 1001)).toMatchObject({
      ok: true,
      identity: { login: 'alice', id: 1001 },
    })
  })

  test('6.16 not by a login whose number is another', () => {
    expect(directory().person('alice', 2002)).toMatchObject({
      ok: false,
      code: 'mismatch',
      line: 4,
      message:
        'alice is the account 2002 on GitHub, but 1001 in policies/data/identities.yaml: the login has a new owner',
    })
    expect(directory().person('alice-renamed', 1001)).toMatchObject({ ok: false, code: 'mismatch', line: 4 })
    expect(directory().person('alice', 1002)).toMatchObject({ ok: false, code: 'mismatch' })
  })

  test('and a missing one is answered with the file and the line to add', () => {
    const answer = directory().person('gina', 1007)
    expect(answer).toMatchObject({ ok: false, code: 'unknown', file: 'policies/data/identities.yaml' })
    if (answer.ok) return
    const [, line = ''] = /`(.*)`/.exec(answer.remedy) ?? []
    const lines = good.identities.split('\n')
    const mended = [...lines.slice(0, answer.line), line, ...lines.slice(answer.line)].join('\n')
    const reading = read({ identities: () => mended })
    expect(reading.ok && reading.directory.person('gina', 1007)).toMatchObject({ ok: true })
  })

  test('2.8 by address: the listed ones in any case, GitHub’s own by their number', () => {
    const people = directory()
    expect(people.byEmail('Alice@Example.com')?.id).toBe(1001)
    expect(people.byEmail('1001+whatever@users.noreply.github.com')?.login).toBe('alice')
    expect(people.byEmail('77+zed@users.noreply.github.com')).toEqual({ id: 77, login: 'zed' })
    expect(people.byEmail('5+alice[bot]@users.noreply.github.com')?.id).toBe(5)
    for (const nobody of [
      '',
      'alice',
      'alice@users.noreply.github.com',
      'noreply@github.com',
      'x1001+alice@users.noreply.github.com',
      '1001+alice@users.noreply.github.com.evil.example@x',
    ]) {
      expect(people.byEmail(nobody), nobody).toBeUndefined()
    }
  })

  test('by OIDC subject and certificate name', () => {
    expect(directory().byOidc('https://login.example.com', 'a1')?.login).toBe('alice')
    expect(directory().byOidc('https://login.example.org', 'a1')).toBeUndefined()
    expect(directory().byCertificateSan('email:alice@example.com')?.login).toBe('alice')
  })

  test('with their principals', () => {
    const people = directory()
    const alice = people.byId(1001)
    if (alice === undefined) throw new Error('no alice')
    expect(people.principal(alice, 'mock')).toBe('alice')
    expect(people.principal(alice, 'gcp')).toBeUndefined()
    expect(people.principalsOf(alice)).toEqual(['mock:alice', 'mock:alice2', 'aws:alice'])
  })
})

test('a blocked person is named for nothing, and still known by what they did', () => {
  const people = directory()
  expect(people.person('mallory', 1666)).toMatchObject({ ok: false, code: 'blocked', line: 16 })
  expect(people.byLogin('mallory')).toBeUndefined()
  expect(people.byOidc('https://login.example.com', 'm1')).toBeUndefined()
  expect(people.groups[0]).toEqual({ name: 'sre', members: ['alice', 'Bob'] })
  expect(people.byId(1666)?.blocked).toBe(true)
  expect(people.byEmail('mallory@example.com')?.id).toBe(1666)
})
