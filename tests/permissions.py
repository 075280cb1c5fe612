"""Who gets which page: one row for each page and thing, one column for each role. GET, but where POST is said.

·  the page           r  sent on (302): to sign in, or after it was done
x  not there (404)    !  refused, with its clause (409)    ?  asked in a way that no page asks (422)
-  not well (503): here no worker lives
The things are in `tests/town.py`; they belong to 防災課.
"""

ROLES = {
    "anonymous": None,  # nobody has signed in
    "other":                                  "endo",  # author in another division
    "head_of_other":                          "goto",
    "staff":                                  "abe",  # 防災課, without a part
    "author":                                 "aoki",
    "approver":                               "bando",
    "deputy":                                 "doi",  # while the head is there
    "head":                                   "chiba",
    "ip":                                     "hata",  # 情報政策課
    "ip_head":                                "hara",
    "pr":                                     "kubo",  # 広報課
    "pr_head":                                "kato",
    "auditor":                                "mori",
    "it":                                     "noda",
}
MARKS = {"·": 200, "r": 302, "x": 404, "!": 409, "?": 422, "-": 503}

#                                              anonymous
#                                              | other, its head
#                                              | |   staff, author, approver, deputy, head
#                                              | |   |         情報政策課, its head, 広報課, its head
#                                              | |   |         |       auditor, IT
TABLE = {
    # every chapter
    "home":                                   "r · · · · · · · · · · · · ·",
    "guideline_map":                          "r · · · · · · · · · · · · ·",
    "log":                                    "r · · · · · · · · · · · · ·",
    "POST log_verify":                        "r x x x x x x x r r x x r x",
    "POST log_export":                        "r x x x x x x x · · x x · x",
    # machines that watch; the tests ask from the machine itself
    "healthz":                                "- - - - - - - - - - - - - -",
    "metrics":                                "· · · · · · · · · · · · · ·",
    # organisation
    "sign_in":                                "· r r r r r r r r r r r r r",
    "POST sign_out":                          "r r r r r r r r r r r r r r",
    "password_change":                        "r · · · · · · · · · · · · ·",
    "confirm_guideline":                      "r · · · · · · · · · · · · ·",
    "people":                                 "r x x x x x x x · · · · · ·",
    "person_new":                             "r x x x x x x x x x x x x ·",
    "organization_import":                    "r x x x x x x x x x x x x ·",
    "import_preview import":                  "r x x x x x x x x x x x x ·",
    "import_example kind":                    "r x x x x x x x x x x x x ·",
    "POST organization_export kind":          "r x x x x x x x x x x x x ·",
    "first_passwords":                        "r x x x x x x x x x x x x ·",
    "person person":                          "r x x · x x x x · · · · · ·",
    "person oneself":                         "r x x x x x x x · · · · · ·",
    "person_edit person":                     "r x x x x x x x x x x x x ·",
    "person_post person":                     "r x x x x x x x x x x x x ·",
    "person_post oneself":                    "r x x x x x x x x x x x x ·",
    "person_role person":                     "r x x x x x x x x x x x x ·",
    "person_role oneself":                    "r x x x x x x x x x x x x ·",
    "person_deactivate person":               "r x x x x x x x x x x x x ·",
    "person_reactivate person":               "r x x x x x x x x x x x x ·",
    "person_reset_password person":           "r x x x x x x x x x x x x ·",
    "absence_new person":                     "r x x · · · · · x x x x x ·",
    "absence_new head":                       "r x x · · · · · x x x x x ·",
    "absence_end absence":                    "r · · x x x x x x x x x x ·",
    "posting_end posting":                    "r x x x x x x x x x x x x ·",
    "role_end role":                          "r x x x x x x x x x x x x ·",
    "deputy_end deputy":                      "r x x x x x x · x x x x x x",
    "divisions":                              "r · · · · · · · · · · · · ·",
    "division_new":                           "r x x x x x x x x x x x x ·",
    "division division":                      "r x x · · · · · · · · · · ·",
    "division_edit division":                 "r x x x x x x x x x x x x ·",
    "deputy_new division":                    "r x x x x x x · x x x x x x",
    # §6 accounts
    "accounts":                               "r · · · · · · · · · · · · ·",
    "account_new":                            "r · · · · · · · · · · · ! !",
    "account preparing":                      "r x x · · · · · · · · · · x",
    "account deciding":                       "r x x · · · · · · · · · · x",
    "account listed":                         "r · · · · · · · · · · · · ·",
    "account official":                       "r · · · · · · · · · · · · ·",
    "account_apply preparing":                "r x x · · · · · ! ! ! ! ! x",
    "account_review preparing":               "r x x · · · · · ! ! ! ! ! x",
    "account_draft_policy preparing":         "r x x · · · · · ! ! ! ! ! x",
    "account_submit preparing":               "r x x · · · · · ! ! ! ! ! x",
    "account_withdraw deciding":              "r x x ! · ! ! · ! ! ! ! ! x",
    "account_application deciding":           "r x x · · · · · · · · · · x",
    "account_decide deciding":                "r x x ! ! ! ! · ! ! ! ! ! x",
    "account_paper deciding":                 "r x x · · · · · ! ! ! ! ! x",
    "POST decision_read decision":            "r x x ! ! ! ! r ! ! ! ! ! x",
    "account_acquire approved":               "r x x · · · · · ! ! ! ! ! x",
    "account_policy acquired":                "r x x · · · · · · · · · · x",
    "account_policy official":                "r x x x x x x x x x x x x x",
    "POST policy_complete acquired":          "r x x r r r r r ! ! ! ! ! x",
    "POST policy_share completed":            "r x x r r r r r ! ! ! ! ! x",
    "POST policy_read ready":                 "r x x r r r r r ! ! ! ! ! x",
    "policy_shown ready":                     "r x x · · · · · ! ! ! ! ! !",
    "account_notify ready":                   "r x x ! ! ! ! · ! ! ! ! ! !",
    "account_notification notified":          "r x x · · · · · · · · · · x",
    "notification notification":              "r x x · · · · · · · · · · x",
    "POST notification_receive notification": "r x x ! ! ! ! ! r r ! ! ! x",
    "notification_return notification":       "r x x ! ! ! ! ! · · ! ! ! x",
    "account_list received":                  "r x x ! ! ! ! ! ! · ! ! ! !",
    "register_management":                    "r x x x x x x x · · x x · x",
    "register_page listed":                   "r x x · · · · · · · ! ! ! x",
    "POST register_page listed":              "r x x ! ! ! ! ! ? ? ! ! ! x",
    "POST register_page_look listed":         "r x x ! ! ! ! ! ! ! ! ! ! x",
    "register_page_seen listed":              "r ! ! ! ! ! ! ! · · ! ! ! !",
    "account_profile listed":                 "r x x · · · · · · · ! ! ! x",
    "POST profile_check listed":              "r x x r r r r r r r ! ! ! x",
    "profile_explain listed":                 "r ! ! ! ! ! ! · · · ! ! ! !",
    "POST account_official listed":           "r x x ! ! ! ! ! ! ! ! ! ! x",
    "account_verification listed":            "r ! ! · · · · · · · ! ! ! !",
    "account_people official":                "r x x · · · · · · · · · · x",
    "assignment_letter assignment":           "r x x · · · · · · · · · · x",
    "assignment_end assignment":              "r x x ! ! ! ! · ! ! ! ! ! x",
    "assignment_revoke assignment":           "r x x ! ! ! ! · ! ! ! ! ! x",
    "account_connect acquired":               "r x x ! ! ! ! · ! ! ! ! ! ·",
    "POST account_token acquired":            "r x x ! ! ! ! ? ! ! ! ! ! ?",
    "POST account_disconnect official":       "r ! ! ! ! ! ! ! ! ! ! ! ! !",
    "connect_callback":                       "r ? ? ? ? ? ? ? ? ? ? ? ? ?",
    "account_stop official":                  "r ! ! ! · · ! · · · · · ! !",
    "holds":                                  "r · · · · · · · · · · · · ·",
    "stop_all":                               "r ! ! ! ! ! ! ! · · · · ! !",
    "hold_lift hold":                         "r ! ! ! ! ! ! ! · · ! ! ! !",
    "stored_file scan":                       "r x x · · · · · · · · · · x",
    # §8(1) posts
    "posts":                                  "r · · · · · · · · · · · · ·",
    "post_month":                             "r · · · · · · · · · · · · ·",
    "post_week":                              "r · · · · · · · · · · · · ·",
    "post_accounts":                          "r · · · · · · · · · · · · ·",
    "POST post_export":                       "r · · · · · · · · · · · · ·",
    "post_write":                             "r · ! ! · ! ! ! ! ! ! ! ! !",
    "POST post_preview":                      "r · · · · · · · · · · · · ·",
    "post_upload upload":                     "r x x x x x x x x x x x x x",
    "post draft":                             "r x x · · · · · · · · · · x",
    "post submitted":                         "r x x · · · · · · · · · · x",
    "post planned":                           "r x x · · · · · · · · · · x",
    "post_edit draft":                        "r x x ! · ! ! ! ! ! ! ! ! x",
    "POST post_submit draft":                 "r x x ! r ! ! ! ! ! ! ! ! x",
    "post_approve submitted":                 "r x x ! ! · ! ! ! ! ! ! ! x",
    "post_end draft":                         "r x x ! · ! ! ! ! ! ! ! ! x",
    "post_end planned":                       "r x x ! · · ! · ! ! ! ! ! x",
    "post_image image":                       "r x x x x x x x x x x x x x",
    "post_withdraw_approval approval":        "r x x ! ! · ! · ! ! ! ! ! x",
    "POST post_take_over remark":             "r x x ! r ! ! ! ! ! ! ! ! x",
    "post_deliveries told":                   "r x x · · · · · · · · · · x",
    "delivery_posted delivery":               "r x x x · · x x x x x x x x",
    "delivery_not_posted delivery":           "r x x x x · x x x x x x x x",
    "POST delivery_release held":             "r x x ! ! r ! ! ! ! ! ! ! x",
    "backups":                                "r x x x x x x x x x x x x ·",
    "safety_stops":                           "r x x x x x x x x · x x x ·",
    # citizens
    "public":                                 "· · · · · · · · · · · · · ·",
    "public_page public_page":                "x x x x x x x x x x x x x x",
    "public_asset asset":                     "· · · · · · · · · · · · · ·",
    "public_picture picture":                 "x x x x x x x x x x x x x x",
}
