import fc from 'fast-check'
import type { Permission } from '../../../app/reconcile/ports/github.ts'
import type { Person } from '../../support/memory/hub-people.ts'
import { type Variant, variants } from './rules.ts'

const second = 1000
const minute = 60 * second
const day = 24 * 60 * minute

type Branch = 'p' | 'q'
type File = 'a' | 'b'
/** What a request file says; `later` asks for a later start, `other` for a role that goes with no other one. */
export type Text = 'one' | 'two' | 'later' | 'other' | 'bad'
/** How a request file lies in Git: a plain file, or what is none; or where no request lies. */
export type Form = 'plain' | 'link' | 'script' | 'submodule' | 'capital' | 'deep'
export const modes: Readonly<Partial<Record<Form, string>>> = {
  link: '120000',
  script: '100755',
  submodule: '160000',
}
export const placeOf = (path: string, form: Form): string =>
  form === 'capital'
    ? path.replace(/[^/](?=[^/]*$)/, (first) => first.toUpperCase())
    : form === 'deep'
      ? path.replace(/[^/]+$/, (name) => `more/${name}`)
      : path

/** One thing that happens; what it does not fit is passed over. */
export type Happening =
  | {
      readonly kind: 'push'
      readonly branch: Branch
      readonly file: File
      readonly text: Text
      readonly by: Person
      readonly force: boolean
      readonly form?: Form
      /** Changes something else as well. */
      readonly beside: boolean
    }
  | { readonly kind: 'drop'; readonly branch: Branch; readonly file: File }
  /** The branch is set to where it was before; of the push that did it nothing may be heard. */
  | { readonly kind: 'back'; readonly branch: Branch; readonly by: Person; readonly lost: boolean }
  /** One head for two branches. */
  | { readonly kind: 'same'; readonly branch: Branch }
  | {
      readonly kind: 'open'
      readonly branch: Branch
      readonly by: Person
      readonly base: 'main' | 'side'
      readonly fork: boolean
      readonly draft: boolean
    }
  | {
      readonly kind: 'review'
      readonly pull: number
      readonly by: Person
      readonly state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED'
    }
  | { readonly kind: 'dismiss'; readonly review: number }
  | { readonly kind: 'close' | 'reopen' | 'by hand'; readonly pull: number }
  | { readonly kind: 'retarget'; readonly pull: number; readonly base: 'main' | 'side' }
  | { readonly kind: 'draft'; readonly pull: number; readonly draft: boolean }
  | {
      readonly kind: 'merge'
      readonly pull: number
      readonly how: 'merge' | 'squash' | 'rebase'
      readonly stowaway: boolean
      /** By carol, who pushes nothing, the moment before. */
      readonly approved: boolean
    }
  | { readonly kind: 'direct'; readonly file: File; readonly text: Text | undefined }
  /** The branch loses its last commit; the side branch is merged into it. */
  | { readonly kind: 'rewrite' | 'side' }
  | { readonly kind: 'comment'; readonly pull: number; readonly by: Person; readonly edited: boolean }
  | { readonly kind: 'allow'; readonly who: Person; readonly permission: Permission }
  | { readonly kind: 'reuse'; readonly who: Person }
  | { readonly kind: 'rules'; readonly variant: Variant }
  /** Policies in a pull request of their own; altered after they were approved, or not. */
  | {
      readonly kind: 'propose'
      readonly variant: Variant
      readonly by: Person
      readonly approved: readonly Person[]
      readonly altered: boolean
      readonly merged: boolean
    }
  | { readonly kind: 'lose' | 'double' | 'work' | 'catch up' }
  | { readonly kind: 'reorder'; readonly turn: number }
  | { readonly kind: 'some'; readonly count: number }
  | { readonly kind: 'killed'; readonly call: number; readonly after: boolean }
  | { readonly kind: 'away'; readonly on: 'github' | 'git' | 'none' }
  | { readonly kind: 'wait'; readonly ms: number }

const branch = fc.constantFrom<Branch>('p', 'q')
const file = fc.constantFrom<File>('a', 'b')
const text = fc.constantFrom<Text>('one', 'one', 'two', 'two', 'later', 'other', 'other', 'bad')
const form = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Form>('plain') },
  { weight: 1, arbitrary: fc.constantFrom<Form>('link', 'script', 'submodule', 'capital', 'deep') },
)
const pull = fc.constantFrom(1, 1, 2, 2, 3, 4)
const anybody = fc.constantFrom<Person>('alice', 'bob', 'carol', 'mallory', 'robot')
const seldom = fc.oneof(
  { weight: 9, arbitrary: fc.constant(false) },
  { weight: 1, arbitrary: fc.constant(true) },
)
const variant = fc.constantFrom(...(Object.keys(variants) as Variant[]))
const base = fc.constantFrom('main', 'main', 'main', 'side')
const kind = <K extends Happening['kind']>(one: K) => fc.constant(one)

const weighed: readonly (readonly [number, fc.Arbitrary<unknown>])[] = [
  [
    6,
    fc.record({
      kind: kind('push'),
      branch,
      file,
      text,
      by: fc.constantFrom<Person>('alice', 'alice', 'alice', 'bob', 'mallory'),
      force: fc.boolean(),
      form,
      beside: seldom,
    }),
  ],
  [1, fc.record({ kind: kind('drop'), branch, file })],
  [
    2,
    fc.record({
      kind: kind('back'),
      branch,
      by: fc.constantFrom<Person>('alice', 'bob'),
      lost: fc.boolean(),
    }),
  ],
  [1, fc.record({ kind: kind('same'), branch })],
  [
    6,
    fc.record({
      kind: kind('open'),
      branch,
      by: fc.constantFrom<Person>('alice', 'alice', 'alice', 'bob', 'robot'),
      base,
      fork: seldom,
      draft: seldom,
    }),
  ],
  [
    9,
    fc.record({
      kind: kind('review'),
      pull,
      by: fc.oneof({ weight: 2, arbitrary: fc.constant<Person>('carol') }, anybody),
      state: fc.constantFrom(
        'APPROVED',
        'APPROVED',
        'APPROVED',
        'APPROVED',
        'CHANGES_REQUESTED',
        'COMMENTED',
      ),
    }),
  ],
  [2, fc.record({ kind: kind('dismiss'), review: fc.nat(3) })],
  [1, fc.record({ kind: kind('close'), pull })],
  [2, fc.record({ kind: kind('reopen'), pull })],
  [1, fc.record({ kind: kind('by hand'), pull })],
  [1, fc.record({ kind: kind('retarget'), pull, base })],
  [2, fc.record({ kind: kind('draft'), pull, draft: fc.boolean() })],
  [
    6,
    fc.record({
      kind: kind('merge'),
      pull,
      how: fc.constantFrom('merge', 'squash', 'rebase'),
      stowaway: seldom,
      approved: fc.boolean(),
    }),
  ],
  [1, fc.record({ kind: kind('direct'), file, text: fc.option(text, { nil: undefined }) })],
  [1, fc.record({ kind: fc.constantFrom('rewrite', 'side') })],
  [3, fc.record({ kind: kind('comment'), pull, by: anybody, edited: seldom })],
  [
    2,
    fc.record({
      kind: kind('allow'),
      who: anybody,
      permission: fc.constantFrom<Permission>('none', 'read', 'triage', 'write', 'admin'),
    }),
  ],
  [1, fc.record({ kind: kind('reuse'), who: fc.constantFrom<Person>('alice', 'bob', 'carol') })],
  [1, fc.record({ kind: kind('rules'), variant })],
  [
    3,
    fc.record({
      kind: kind('propose'),
      variant,
      by: fc.constantFrom<Person>('bob', 'bob', 'alice', 'carol'),
      approved: fc.subarray<Person>(['carol', 'bob', 'mallory']),
      altered: seldom,
      merged: fc.boolean(),
    }),
  ],
  [1, fc.record({ kind: kind('lose') })],
  [1, fc.record({ kind: kind('double') })],
  [1, fc.record({ kind: kind('reorder'), turn: fc.nat(7) })],
  [2, fc.record({ kind: kind('some'), count: fc.nat(4) })],
  [12, fc.record({ kind: kind('work') })],
  [1, fc.record({ kind: kind('catch up') })],
  [4, fc.record({ kind: kind('killed'), call: fc.nat(40), after: fc.boolean() })],
  [2, fc.record({ kind: kind('away'), on: fc.constantFrom('github', 'git', 'none', 'none') })],
  [2, fc.record({ kind: kind('wait'), ms: fc.constantFrom(minute, 20 * minute, 70 * minute, 8 * day) })],
]
const happening = fc.oneof(
  ...weighed.map(([weight, arbitrary]) => ({ weight, arbitrary })),
) as fc.Arbitrary<Happening>

/** Two pull requests to begin with, of one file or two, for one role or two; then anything, so often at least and at most. */
export const happenings = (minLength: number, maxLength: number): fc.Arbitrary<readonly Happening[]> =>
  fc
    .tuple(
      file,
      fc.constantFrom<Text>('one', 'other'),
      fc.array(happening, { minLength, maxLength, size: 'max' }),
    )
    .map(([other, says, later]) => [...opening('p', 'a'), ...opening('q', other, says), ...later])

const opening = (at: Branch, path: File, text: Text = 'one'): readonly Happening[] => [
  { kind: 'push', branch: at, file: path, text, by: 'alice', force: false, beside: false },
  { kind: 'open', branch: at, by: 'alice', base: 'main', fork: false, draft: false },
]
