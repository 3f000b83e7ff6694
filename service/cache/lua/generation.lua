-- KEYS: entry, generation, lease. ARGV: none.
-- A load's fill must find unchanged: the token of the last invalidation, and the server that
-- returned it, because a restarted Redis has forgotten the tokens and a load from before would
-- pass for one from after. The time is added because Redis deletes a token after a while, and
-- may itself sleep between a load and its fill.
return {mark() .. '@' .. now(), found, missing}
