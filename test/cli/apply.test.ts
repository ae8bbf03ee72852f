import { describe, expect, it } from 'vitest'
import { api, as, github, pulls, stageGitHub, token } from './live-github.ts'

stageGitHub()

const rego = (limit: number) => `package jitsudo.eligibility

import future.keywords.if

default allow = false

allow if input.request.duration_seconds <= ${limit}
`
const files: Record<string, string> = {
  'aws-eligibility.rego': rego(3600),
  'lib.rego': 'package lib.helper\n',
  'none.rego': 'allow := true\n',
}
const readText = async (path: string) => {
  const text = files[path]
  if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
  return text
}
const slugs = ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee']
const slug = () => slugs.shift() ?? 'zzzz'
const apply = (who: 'alice' | 'reader', ...more: readonly string[]) =>
  as(who, ['policy', 'apply', ...more], { readText, slug })
const held = async (path: string, ref: string) => {
  const { content } = (await api(`/contents/${path}?ref=${ref}`)) as { content: string }
  return Buffer.from(content, 'base64').toString()
}

/** Onto the branch, by hand. */
const put = async (path: string, text: string) => {
  const { sha } = (await api(`/contents/${path}?ref=main`)) as { sha?: string }
  const answer = await fetch(`${github.apiUrl}/repos/acme/access/contents/${path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ message: 'by hand', content: Buffer.from(text).toString('base64'), sha }),
  })
  expect(answer.ok).toBe(true)
}

describe('policy apply', () => {
  it('opens a pull request with the policy, as the quick start has it', async () => {
    const answer = await apply(
      'alice',
      ...['-f', 'aws-eligibility.rego', '--type', 'eligibility', '--name', 'aws-sandbox-eligibility'],
    )
    const [pull] = await pulls()
    expect(answer).toMatchObject({
      status: 0,
      err: '',
      out: `✓ Policy aws-sandbox-eligibility (eligibility) proposed\n  ${github.url}/acme/access/pull/${pull?.number}\n⏳ In force once its owners have approved and it is merged; its check says what it would change\n`,
    })
    expect(pull).toMatchObject({
      title: 'Policy: add aws-sandbox-eligibility (eligibility)',
      user: { login: 'alice' },
      base: { ref: 'main' },
    })
    expect(await held('policies/aws-sandbox-eligibility.rego', pull?.head.sha ?? '')).toBe(rego(3600))
  })

  it('changes the one that is there, by the file’s name, and not for nothing', async () => {
    await put('policies/aws-eligibility.rego', rego(60))
    const answer = await apply('alice', '-f', 'aws-eligibility.rego', '-o', 'json')
    const [pull] = await pulls()
    expect(JSON.parse(answer.out)).toEqual({
      name: 'aws-eligibility',
      type: 'eligibility',
      path: 'policies/aws-eligibility.rego',
      pull_request: pull?.number,
      pull_request_url: `${github.url}/acme/access/pull/${pull?.number}`,
    })
    expect(pull?.title).toBe('Policy: change aws-eligibility (eligibility)')
    expect(await held('policies/aws-eligibility.rego', pull?.head.sha ?? '')).toBe(rego(3600))
    await put('policies/aws-eligibility.rego', rego(3600))
    expect(await apply('alice', '-f', 'aws-eligibility.rego')).toMatchObject({
      status: 1,
      err: expect.stringMatching(/has this very policies\/aws-eligibility\.rego already/),
    })
  })

  it.each([
    ['a file that is not there', ['-f', 'missing.rego'], 2, /missing\.rego does not exist/],
    ['another type', ['-f', 'aws-eligibility.rego', '--type', 'approval'], 2, /is an eligibility policy/],
    ['a library', ['-f', 'lib.rego'], 2, /package lib\.helper is no policy's/],
    ['no package', ['-f', 'none.rego'], 2, /does not begin with a package/],
    ['a folder for a name', ['-f', 'aws-eligibility.rego', '--name', 'lib/x'], 2, /--name/],
    ['a way out for a name', ['-f', 'aws-eligibility.rego', '--name', '../../x'], 2, /--name/],
    ['a test for a name', ['-f', 'aws-eligibility.rego', '--name', 'x_test'], 2, /would be no policy/],
  ])('%s is told before anything is sent', async (_, argv, status, message) => {
    const before = (await pulls()).length
    const answer = await apply('alice', ...argv)
    expect(answer).toMatchObject({ status, out: '' })
    expect(answer.err).toMatch(message)
    expect(await pulls()).toHaveLength(before)
  })

  it('leaves nothing behind for whoever may not write', async () => {
    const { status, err } = await apply('reader', '-f', 'aws-eligibility.rego', '--name', 'other')
    expect([status, err]).toEqual([1, expect.stringMatching(/write permission/)])
    expect((await api('/git/matching-refs/heads/gitsudo/policy-other')) as unknown[]).toEqual([])
  })
})
