// RA001: an ignore says why, and ends. Applied where findings are filtered; this is its page.
import type { DirectiveRule } from '../rule.ts';

export const RA001: DirectiveRule = {
  id: 'RA001',
  title: 'Ignores are honest',
  severity: 'warning',
  breaks: 'policy',
  on: 'directive',
  page: {
    proves:
      'Every ignore names a rule that exists, gives a reason, has not expired, and hides a finding that is really there.',
    why: 'An ignore without a reason is a finding nobody has looked at; one that hides nothing will hide the next mistake. An ignore that is wrong does not ignore. Above the first instruction it holds for the file, elsewhere for its stage.',
    bad: '# rollout-action ignore=RA202',
    good: '# rollout-action ignore=RA202 until=2027-03-31 reason="the mirror has no stable digest yet"',
  },
};
