"""Children's stories, and the second half of the adults'."""

from .chart import Chart, growth
from .codes import *
from .stories_adults import concept_

OSEI_HOME = ("64 Juniper Street", "Portland", "04103")
INFANT = [("2mo", ["hepb", "rota", "dtap", "hib", "pcv20", "ipv"]), ("4mo", ["rota", "dtap", "hib", "pcv20", "ipv"]), ("6mo", ["hepb", "rota", "dtap", "hib", "pcv20", "ipv"])]


def well(p, d, label, zw, zh, hr, *vaccines, temp=36.8):
    g = growth(p, d, zw, zh)
    v = p.visit(d, "wellchild", f"Well child visit, {label}", "rahman-tasnim", at="pediatrics").vitals(hr=hr + p.wobble(5), temp=temp + p.wobble(.15), **g)
    return v.vaccine(*vaccines)


def kwame(s, c):
    p = Chart(s, c, id="osei-kwame", given=["Kwame", "Nathaniel"], family="Osei", gender="male", birth="2019-04-12", race="black", addr=OSEI_HOME, pcp="rahman-tasnim", contact=("Efua Osei", "MTH", "mother"), email=False,
              story="A boy's growth curve from birth to seven, all his vaccines, eczema that clears, and a peanut allergy with an emergency plan")
    p.related("osei-efua-of-kwame", ["Efua", "Serwaa"], "Osei", "MTH", "mother", "female", "1990-10-21", OSEI_HOME, since="2019-04-26")
    p.allergy("food", "Peanut", "256349002", "Peanut - dietary", SNOMED, "Hives and vomiting", "severe", "2020-06-08", "high", "247472004")
    zs = [("2019-04-26", "2 weeks", ["hepb"]), ("2019-06-13", "2 months", INFANT[0][1]), ("2019-08-15", "4 months", INFANT[1][1]), ("2019-10-17", "6 months", INFANT[2][1]), ("2020-01-16", "9 months", ["flu4"]), ("2020-04-23", "12 months", ["mmr", "var", "hepa"]),
          ("2020-07-16", "15 months", ["dtap", "hib", "pcv13"]), ("2020-10-15", "18 months", ["hepa", "flu4"]), ("2021-04-15", "2 years", []), ("2022-04-14", "3 years", []), ("2023-04-13", "4 years", ["dtap-ipv", "mmr", "var"]), ("2024-04-18", "5 years", []), ("2025-04-17", "6 years", []), ("2026-04-16", "7 years", [])]
    for i, (d, label, vax) in enumerate(zs):
        vax = [x.replace("pcv20", "pcv13") for x in vax]
        v = well(p, d, label, .35 + i * .02, .55, 132 - min(i, 8) * 4 - i, *vax)
        if i >= 9:
            v.c.bp(v.start, 92 + i * .6 + p.wobble(4), 56 + p.wobble(3), v.ref(), v.who())
        if label == "6 months":
            p.problem("eczema", "2019-09-20", visit=v, abated="2024-04-18")
            p.rx("hydrocortisone", "Apply thinly to red patches twice daily for up to 7 days", "", v, stop="2024-04-18", why="Skin clear", done=True, reason="eczema", times=(2, 1, "d"), prn=True)
        if label == "12 months":
            v.labs(hgb=11.9, lead=1.2)
        if label == "15 months":
            p.rx("epi-jr", "Inject into the outer thigh for a severe reaction, then call 911", "", v, prn=True, quantity_=(2, "auto-injector"))
            v.note("""Kwame had hives and vomited within minutes of a bite of his cousin's peanut butter toast in June. Skin test strongly positive. Two auto-injectors, one for the nursery; Mrs. Osei and his grandmother both practised with the trainer on an orange.""")
        if label == "5 years":
            v.note("""Ready for kindergarten: hops, counts to forty, tells a long story about a digger. Eczema gone. The school has his peanut plan and his auto-injector.""")
        if label == "7 years":
            v.note("""Seven, on the 70th percentile, two front teeth missing. Reads to his little sister. Peanut blood test still high; retest at nine.""")
    for d, temp, key, med, sig in [("2021-12-07", 38.9, "otitis", "amox-susp", "Take 7 mL by mouth twice daily for 10 days"), ("2024-11-19", 38.6, "strep", "amox-susp", "Take 10 mL by mouth once daily for 10 days")]:
        g = growth(p, d, .5, .55)
        v = p.visit(d, "problem", "Fever", "rahman-tasnim", at="pediatrics").vitals(temp=temp, hr=122, rr=24, wt=g["wt"]).diagnosis(key)
        p.rx(med, sig, "", v, stop=d[:8] + str(int(d[8:]) + 10).zfill(2), done=True, why="Course finished", refills=0)
    for d in ("2021-10-14", "2022-10-20", "2023-10-19", "2025-10-16"):
        p.visit(d, "lab", "Flu vaccine", "rahman-tasnim", at="pediatrics").vaccine("flu" if d > "2024" else "flu4")
    p.careplan("Peanut allergy plan", "No peanut in any form; two auto-injectors always with him; inject first, then call 911; plan kept at school and at grandmother's; blood test again at nine years.", "2020-07-16")
    p.careteam(["rahman-tasnim", ("RelatedPerson/osei-efua-of-kwame", "Efua Osei", "133932002", "Caregiver")], "2019-04-26")
    p.finish()


def abena(s, c):
    p = Chart(s, c, id="osei-abena", given=["Abena", "Grace"], family="Osei", gender="female", birth="2023-06-08", race="black", addr=OSEI_HOME, pcp="rahman-tasnim", contact=("Efua Osei", "MTH", "mother"), email=False, since="2023-06-08",
              story="A girl born five weeks early who catches up: her weight climbs from below the 3rd percentile to the middle of the chart by three years")
    p.related("osei-efua-of-abena", ["Efua", "Serwaa"], "Osei", "MTH", "mother", "female", "1990-10-21", OSEI_HOME, since="2023-06-22")
    p.no_known_allergies("2024-06-13")
    zs = [("2023-06-22", "2 weeks", -3.4, -2.0, ["hepb"]), ("2023-07-13", "5 weeks", -2.9, -1.9, []), ("2023-08-10", "2 months", -2.4, -1.7, INFANT[0][1]), ("2023-10-12", "4 months", -1.9, -1.4, INFANT[1][1] + ["nirsevimab"]), ("2023-12-14", "6 months", -1.4, -1.1, INFANT[2][1] + ["flu4"]), ("2024-03-14", "9 months", -1.0, -.8, []),
          ("2024-06-13", "12 months", -.7, -.6, ["mmr", "var", "hepa"]), ("2024-09-12", "15 months", -.5, -.4, ["dtap", "hib", "pcv20"]), ("2024-12-12", "18 months", -.3, -.3, ["hepa", "flu"]), ("2025-06-12", "2 years", -.1, -.1, []), ("2025-12-11", "2 and a half years", .05, 0, ["flu"]), ("2026-06-11", "3 years", .1, .05, [])]
    for i, (d, label, zw, zh, vax) in enumerate(zs):
        v = well(p, d, label, zw, zh, 148 - i * 3.2, *vax)
        if i == 0:
            v.note("""Abena came at 35 weeks, 2140 g, and spent eight days in the nursery learning to feed. Back above birth weight today. Sleepy at the breast; pumped milk with a little fortifier after each feed. Her brother has been told she is not for playing yet.""")
        if label == "6 months":
            v.note("""Crossing upward through the lines: that is what we hoped for. Sits with a hand, laughs at Kwame and at nobody else. Fortifier can stop.""")
        if label == "12 months":
            v.labs(hgb=11.4, lead=.9)
        if label == "2 years":
            v.note("""At two she is on the middle of the chart for weight and length. Forty words, runs, climbs. No more correction for being early: she has caught up.""")
        if label == "3 years":
            v.note("""Three. Draws a face with legs. Early-intervention team has signed off. Nursery school in September.""")
    g = growth(p, "2025-01-21", -.3, -.2)
    v = p.visit("2025-01-21", "problem", "Fever and ear pain", "rahman-tasnim", at="pediatrics").vitals(temp=39.1, hr=138, rr=30, wt=g["wt"]).diagnosis("otitis")
    p.rx("amox-susp", "Take 5 mL by mouth twice daily for 10 days", "", v, stop="2025-01-31", done=True, why="Course finished", refills=0)
    p.visit("2026-10-15", "lab", "Flu vaccine", "rahman-tasnim", at="pediatrics").vaccine("flu")
    p.careplan("Catching up", "Extra weight checks in the first year; fortified milk until six months; development checks with early intervention until three; iron drops to twelve months.", "2023-06-22", [p.goal("Reach the middle of the growth chart", "2023-06-22", "2025-06-12", "completed", "achieved")], end="2026-06-11")
    p.careteam(["rahman-tasnim", ("RelatedPerson/osei-efua-of-abena", "Efua Osei", "133932002", "Caregiver")], "2023-06-22")
    p.finish()


def leo(s, c):
    home = ("17 Birchwood Lane", "South Portland", "04106")
    p = Chart(s, c, id="nguyen-leo", given=["Leo", "Minh"], family="Nguyen", gender="male", birth="2026-05-26", race="asian", addr=home, pcp="rahman-tasnim", contact=("Linh Nguyen", "MTH", "mother"), email=False, since="2026-05-26",
              story="Linh Nguyen's newborn: mild jaundice in the first days, then a steady first half-year")
    p.related("nguyen-linh-of-leo", ["Linh"], "Nguyen", "MTH", "mother", "female", "1993-09-02", home, since="2026-05-29")
    p.no_known_allergies("2026-06-09")
    v = p.visit("2026-05-26", "inpatient", "Birth", "rahman-tasnim", end="2026-05-27", hour=7, discharge="Home with parents").vitals(wt=3.31, ht=50.5, hc=34.6, hr=142, temp=36.9).vaccine("hepb")
    v.procedure("hearing", "Passed on both sides.").note("""Leo, born at 06:42 at 40 weeks, 3310 g, first cry before the cord was cut. Normal examination. Hearing screen passed, heel prick sent. Nursing at one hour.""", "History and physical")
    v = p.visit("2026-05-29", "problem", "Yellow skin", "rahman-tasnim", at="pediatrics").vitals(wt=3.08, temp=36.8, hr=146).diagnosis("neonatal-jaundice").note("""Day three: yellow to the belly, bilirubin below the treatment line, 7 % under birth weight. Feed every two hours, back on Sunday. Both parents counted wet nappies on the whiteboard.""")
    p.visit("2026-05-31", "problem", "Weight and jaundice check", "rahman-tasnim", at="pediatrics").vitals(wt=3.19, temp=36.7, hr=144)
    for d, label, vax in [("2026-06-09", "2 weeks", []), ("2026-06-30", "1 month", []), ("2026-07-28", "2 months", INFANT[0][1]), ("2026-09-29", "4 months", INFANT[1][1] + ["nirsevimab"])]:
        v = well(p, d, label, {"2 weeks": -.5, "1 month": -.1}.get(label, .1), .2, 142, *vax)
        if label == "4 months":
            v.note("""Rolls, squeals, follows the dog. On his own line, just above the middle. Sleeps six hours and so does Linh.""")
    p.careteam(["rahman-tasnim", ("RelatedPerson/nguyen-linh-of-leo", "Linh Nguyen", "133932002", "Caregiver")], "2026-05-29")
    p.finish()


def arjun(s, c):
    p = Chart(s, c, id="patel-arjun", given=["Arjun"], family="Patel", gender="male", birth="1975-03-15", race="asian", marital="M", addr=("140 Ledgewood Drive", "Falmouth", "04105"), pcp="okafor-ngozi", contact=("Meera Patel", "SPS", "spouse"),
              story="Heart attack at 47: a stent, no more cigarettes, rehabilitation; LDL falls from 189 to 57 and he runs ten kilometers")
    p.no_known_allergies("2021-06-08")
    p.visit("2021-06-08", "checkup", "Check-up").vitals(bp=(138, 88), hr=82, ht=174, wt=84.2).labs(chol=256, tg=210, hdl=36, glucose=106).smoking("daily").occupation("Hotel owner").alcohol("Rarely")
    v = p.visit("2022-11-17", "inpatient", "Crushing chest pain", "whitfield-james", end="2022-11-20", hour=4, discharge="Home with wife").vitals(bp=(148, 92), hr=104, spo2=94, rr=22, temp=36.8, wt=85.0).diagnosis("mi").procedure("ecg", "ST elevation in the inferior leads.", None, 10).procedure("pci", "Drug-eluting stent to the right coronary artery, good flow.", None, 55)
    v.labs(chol=262, tg=190, hdl=35, glucose=142, creat=.96, egfr=97, k=4.0, na=138, hba1c=5.8).measure(lvef=48).procedure("echo")
    p.problem("cad", "2022-11-17", visit=v, by="whitfield-james")
    p.problem("hld", "2021-06-08")
    p.rx("atorva-80", "Take 1 tablet by mouth every evening", "", v, reason="cad", times=(1, 1, "d"), quantity_=(90, "tablet"))
    p.rx("aspirin-81", "Take 1 tablet by mouth once daily, for life", "", v, reason="cad", times=(1, 1, "d"), quantity_=(90, "tablet"))
    p.rx("clopidogrel-75", "Take 1 tablet by mouth once daily for 12 months", "", v, stop="2023-11-21", done=True, why="Twelve months finished", reason="cad", times=(1, 1, "d"), quantity_=(90, "tablet"))
    p.rx("metoprolol-50", "Take 1 tablet by mouth once daily", "", v, stop="2025-11-18", why="Three years on, strong heart", done=True, reason="cad", times=(1, 1, "d"), quantity_=(90, "tablet"))
    p.rx("nitro", "Dissolve 1 tablet under the tongue for chest pain; call 911 if it lasts 5 minutes", "", v, reason="cad", prn=True, quantity_=(25, "tablet"))
    v.note("""Woke at three with an elephant on his chest; Meera drove past two red lights. Inferior infarction, door to balloon 52 minutes, one stent, heart function 48 %.

        He smoked twenty a day until the ambulance bay. Goes home with five medicines, a cardiac rehabilitation date, and a packet of cigarettes handed to the nurse.""", "Discharge summary")
    p.visit("2022-12-06", "specialist", "Cardiac rehabilitation, first session", "whitfield-james").procedure("cardiac-rehab", "36 sessions planned; all 36 done by 10 March 2023.", "cad", 45).vitals(bp=(122, 78), hr=74, wt=83.1)
    p.problem("prediabetes", "2022-11-17", abated="2024-11-19")
    for d, ch, tg, hdl, sy, di, hr, wt in [("2023-02-21", 142, 130, 38, 118, 76, 64, 81.0), ("2023-05-23", 128, 112, 41, 116, 74, 62, 79.2), ("2023-11-21", 122, 100, 44, 118, 74, 60, 77.8), ("2024-11-19", 121, 92, 47, 116, 74, 58, 76.5), ("2025-11-18", 122, 88, 48, 118, 76, 58, 76.0), ("2026-11-17", 124, 86, 50, 118, 74, 60, 75.8)]:
        v = p.visit(d, "specialist", "Heart follow-up", "whitfield-james").vitals(bp=(sy, di), hr=hr, wt=wt).labs(chol=ch, tg=tg, hdl=hdl, alt=28).diagnosis("cad").smoking("former")
        if d == "2023-05-23":
            v.measure(lvef=56).procedure("echo").note("""Six months: no cigarette, no chest pain, heart function normal again at 56 %. LDL 65. He cooks for the hotel staff now, dal instead of poutine.""")
        if d == "2025-11-18":
            v.note("""Three years. Ran the harbor ten kilometers in 58 minutes beside his son. Metoprolol stopped today; statin and aspirin stay for life.""").vaccine("flu")
    p.careteam(["whitfield-james", "okafor-ngozi"], "2022-11-20")
    p.finish()


def luc(s, c):
    p = Chart(s, c, id="bouchard-luc", given=["Luc", "Andre"], family="Bouchard", gender="male", birth="1957-07-22", race="white", lang="fr", marital="M", addr=("33 Pepperell Row", "Biddeford", "04005"), pcp="lindqvist-erik", payer="public-health-plans", plan="Medicare", since="2022-08-01", mobile=False,
              story="COPD: flare-ups each winter until he stops smoking in 2024; oxygen saturation and breathing tests hold steady after that")
    p.no_known_allergies("2020-03-03")
    v = p.visit("2022-10-04", "specialist", "Breathless on the stairs", "abernathy-paul").vitals(bp=(134, 80), hr=88, rr=20, spo2=92, ht=173, wt=68.4).smoking("daily").occupation("Textile mill worker, retired").procedure("spirometry", "Obstruction, FEV1 54 % of predicted, no change after albuterol.").measure(fev1=1.72, fev1fvc=52).diagnosis("copd")
    p.problem("copd", "2019-01-01", visit=v, by="abernathy-paul")
    p.rx("tiotropium", "Inhale the contents of 1 capsule once daily", "", v, reason="copd", times=(1, 1, "d"), quantity_=(90, "capsule"))
    p.rx("albuterol", "Inhale 2 puffs every 4 hours as needed", "", v, reason="copd", prn=True, quantity_=(1, "inhaler"), refills=5)
    v.note("""Forty-six years of a pack a day and thirty of cotton dust. Stops twice on one flight of stairs. He is not ready to quit and said so politely. I said I would ask each time, politely.""", "Consult note")
    for d, spo2, hr in [("2023-01-24", 88, 112), ("2024-01-30", 86, 118)]:
        v = p.visit(d, "emergency", "COPD flare", "abernathy-paul").vitals(bp=(142, 84), hr=hr, rr=28, spo2=spo2, temp=37.9).diagnosis("copd-exac").report("chest-xray", "Chest X-ray", "Overinflated lungs, no pneumonia.", "COPD without pneumonia.")
        p.rx("prednisone-20", "Take 2 tablets by mouth once daily for 5 days", "", v, stop="2023-01-29" if d < "2024" else "2024-02-04", done=True, why="Course finished", reason="copd", times=(1, 1, "d"), refills=0)
        p.rx("azithro", "Take 2 tablets on day 1, then 1 tablet daily for 4 days", "", v, stop="2023-01-29" if d < "2024" else "2024-02-04", done=True, why="Course finished", reason="copd", times=(1, 1, "d"), refills=0)
    v = p.visit("2024-02-13", "office", "After the emergency visit").vitals(bp=(136, 80), hr=92, rr=20, spo2=90, wt=66.2).smoking("daily").diagnosis("copd")
    p.rx("varenicline", "Take half a tablet daily for 3 days, twice daily for 4, then 1 tablet twice daily for 12 weeks", "", v, stop="2024-05-14", done=True, why="Course finished", times=(2, 1, "d"))
    v.note("""The second ambulance in a year, and his granddaughter rode in it. He put the cigarettes on my desk himself. Varenicline from today, quit date 1 March, quit line every week.""")
    for d, spo2, hr, wt, fev in [("2024-05-14", 93, 80, 67.5, 1.70), ("2024-11-12", 94, 76, 69.3, 1.74), ("2025-05-13", 94, 76, 70.4, 1.72), ("2025-11-11", 94, 75, 71.0, 1.71), ("2026-05-12", 95, 74, 71.2, 1.70), ("2026-11-10", 94, 76, 71.0, 1.68)]:
        v = p.visit(d, "specialist", "Lung follow-up", "abernathy-paul").vitals(bp=(130 + p.wobble(4), 78 + p.wobble(2)), hr=hr, rr=17, spo2=spo2, wt=wt).measure(fev1=fev, fev1fvc=53).smoking("former").diagnosis("copd")
        if d[5:7] == "11":
            v.vaccine("flu-hd").report("ct-chest", f"Low-dose CT of the chest, {d[:4]}", "Emphysema in both upper lobes. Right lower lobe nodule 4 mm, unchanged.", "Lung-RADS 2. Next in one year.").procedure("ldct")
        if d == "2024-11-12":
            v.vaccine("pcv20", "rsv").note("""Eight months without a cigarette. No flare this year. He can talk and climb at the same time, which his wife regrets, he says.""")
        if d == "2026-11-10":
            v.note("""Third winter without the emergency room. FEV1 has lost what age takes and no more. Little nodule still asleep.""")
    p.careteam(["abernathy-paul", "lindqvist-erik"], "2022-10-04")
    p.finish()


def grace(s, c):
    p = Chart(s, c, id="chen-grace", given=["Grace", "Mei"], family="Chen", gender="female", birth="2009-01-20", race="asian", addr=("9 Meeting House Lane", "Cape Elizabeth", "04107"), pcp="rahman-tasnim", contact=("Wei Chen", "FTH", "father"), email=False,
              story="Type 1 diabetes from age 13: a hard first year, then an insulin pump and sensor; HbA1c falls from 11.8 to 6.8 %, and she rows for her school")
    p.no_known_allergies("2018-02-01")
    v = p.visit("2022-09-14", "inpatient", "Vomiting, weight loss, thirst", "sharma-vikram", end="2022-09-17", hour=18, discharge="Home with parents").vitals(bp=(102, 62), hr=124, rr=28, temp=36.9, ht=157.2, wt=41.8).labs(glucose=486, na=131, k=5.2, co2=9, creat=.9, bun=24, hba1c=11.8).diagnosis("t1dm")
    p.problem("t1dm", "2022-09-14", visit=v, by="sharma-vikram")
    p.rx("glargine", "Inject 14 units under the skin at bedtime", "", v, stop="2023-11-28", why="Changed to an insulin pump", reason="t1dm", times=(1, 1, "d"))
    v.note("""Grace, 13, lost six kilos over the summer and was thought to be training too hard. Glucose 486, ketoacidosis. Better within a day on insulin.

        Both parents and Grace can count carbohydrates, inject, and treat a low. She asked whether she can still row. Yes, with a juice box in the boat.""", "Discharge summary")
    for i, (d, a1c, wt, ht) in enumerate([("2022-12-13", 8.9, 47.0, 158.1), ("2023-03-14", 8.6, 48.6, 158.8), ("2023-06-20", 9.4, 49.2, 159.4), ("2023-09-19", 9.8, 49.9, 159.9), ("2023-11-28", 9.1, 50.6, 160.2), ("2024-02-27", 7.9, 51.8, 160.6), ("2024-06-18", 7.4, 52.7, 161.0), ("2024-10-15", 7.2, 53.6, 161.4), ("2025-03-18", 7.0, 54.4, 161.6), ("2025-09-16", 6.9, 55.3, 161.8), ("2026-03-17", 6.8, 55.8, 162.0), ("2026-09-15", 6.8, 56.2, 162.0)]):
        v = p.visit(d, "specialist", "Diabetes clinic", "sharma-vikram").vitals(bp=(108 + p.wobble(4), 66 + p.wobble(3)), hr=72 + p.wobble(4), wt=wt, ht=ht).labs(hba1c=a1c).diagnosis("t1dm")
        if i == 3:
            v.score("phq9", 9).note("""HbA1c 9.8 and she did not want to talk with her parents in the room. She skips insulin at school: the injections mark her out. We agreed on a pump and sensor, and on her father asking about rowing before he asks about numbers.""")
        if i == 4:
            p.rx("aspart-pump", "By insulin pump as programmed, up to 50 units a day", "", v, reason="t1dm", refills=11)
        if i == 8:
            v.labs(uacr=8, tsh=1.8, ttg=2, chol=158, hdl=60, tg=70).note("""HbA1c 7.0. Time in range 74 %. She explained the pump's algorithm to me. Thyroid, celiac and kidney screens all fine.""").score("phq9", 2)
        if i == 11:
            v.note("""Captain of the girls' four. Time in range 79 %. Starts driving lessons: glucose above 90 before the key turns. We begin the slow handover to the adult clinic next year.""")
    p.visit("2023-02-08", "wellchild", "Well child visit, 14 years", "rahman-tasnim", at="pediatrics").vitals(bp=(106, 64), hr=74, wt=48.2, ht=158.5).vaccine("flu4")
    p.visit("2020-02-05", "wellchild", "Well child visit, 11 years", "rahman-tasnim", at="pediatrics").vitals(bp=(100, 60), hr=80, wt=36.0, ht=144.5).vaccine("tdap", "hpv", "menacwy")
    p.visit("2020-08-12", "lab", "Second HPV vaccine", "rahman-tasnim", at="pediatrics").vaccine("hpv")
    p.visit("2025-02-12", "wellchild", "Well child visit, 16 years", "rahman-tasnim", at="pediatrics").vitals(bp=(108, 66), hr=70, wt=54.2, ht=161.6).vaccine("menacwy-tt", "flu").smoking("never")
    p.careteam(["sharma-vikram", "rahman-tasnim"], "2022-09-17")
    p.careplan("Diabetes plan for school and the boat", "Insulin pump with sensor; juice in the boat; glucose above 120 before rowing; glucagon with the coach and the school nurse; clinic every three to six months.", "2023-11-28", [p.goal("HbA1c below 7 %", "2023-11-28", "2025-12-31", "completed", "achieved")], ["t1dm"])
    p.finish()


def sofia(s, c):
    p = Chart(s, c, id="morales-sofia", given=["Sofia", "Isabel"], family="Morales", gender="female", birth="2016-10-03", race="white", hispanic=True, lang="es", addr=("28 Cobbler's Row", "Auburn", "04210"), pcp="rahman-tasnim", payer="public-health-plans", plan="Medicaid", contact=("Ana Morales", "MTH", "mother"), email=False,
              story="Celiac disease: a girl who stopped growing at five, and the catch-up after gluten-free meals")
    p.no_known_allergies("2018-10-04")
    rows = [("2018-10-04", "2 years", .3, .2), ("2019-10-10", "3 years", .3, .2), ("2020-10-08", "4 years", .1, .1), ("2021-10-07", "5 years", -.6, -.3), ("2022-04-12", "weight check", -1.2, -.7), ("2022-10-06", "6 years", -1.7, -1.1), ("2023-04-13", "weight check", -1.0, -1.0), ("2023-10-12", "7 years", -.4, -.7), ("2024-10-10", "8 years", .0, -.3), ("2025-10-09", "9 years", .2, .0), ("2026-10-08", "10 years", .2, .1)]
    for d, label, zw, zh in rows:
        vax = {"4 years": ["dtap-ipv", "mmr", "var", "flu4"], "2 years": ["flu4"], "3 years": ["flu4"], "5 years": ["flu4"], "7 years": ["flu4"], "8 years": ["flu"], "9 years": ["flu", "hpv"], "10 years": ["flu", "hpv"]}.get(label, [])
        v = well(p, d, label, zw, zh, 104 - p.age_months(v_date(d)) * .2, *vax)
        if d == "2022-04-12":
            p.problem("poor-growth", "2021-10-07", visit=v, abated="2024-10-10")
            v.labs(hgb=10.4, mcv=72, wbc=7.4, plt=390, ferritin=5, ttg=148, tsh=2.4).note("""Sofia has grown one centimeter in six months and her jeans from last year are loose. Round belly, thin arms, tired, cross. Bread is the only thing she wants. Celiac antibody 148: that is the answer, I think. Endoscopy to be sure before we change what she eats.""")
        if d == "2022-10-06":
            v.labs(hgb=10.8, mcv=74, wbc=7.0, plt=360)
        if d == "2023-10-12":
            v.labs(ttg=22, hgb=12.4, mcv=81, wbc=6.8, plt=290, ferritin=31).note("""A year without gluten: six kilos and eight centimeters. The school kitchen has a shelf with her name. Her grandmother's tamales were always safe and are now on the menu every Friday.""")
        if d == "2025-10-09":
            v.labs(ttg=5, hgb=12.9, mcv=83, wbc=6.6, plt=275, ferritin=36, vitd=33).note("""Back on the curve she left at four. Antibodies normal. She reads labels faster than I do.""")
    v = p.visit("2022-10-20", "specialist", "Upper endoscopy", "novak-helen", at="hospital").procedure("egd", "Flattened folds in the duodenum, six biopsies.", None, 25).report("pathology", "Duodenal biopsies", "Villous blunting with crypt hyperplasia and many intraepithelial lymphocytes, Marsh 3b.", "Celiac disease.").diagnosis("celiac")
    p.problem("celiac", "2022-10-20", visit=v, by="novak-helen")
    p.careplan("Gluten-free", "No wheat, barley or rye; dietitian in Spanish; own toaster and own shelf at school; antibodies, iron and growth every six months, then yearly.", "2022-10-27", [p.goal("Return to her own growth curve", "2022-10-27", "2025-10-09", "completed", "achieved")], ["celiac"])
    p.finish()


def v_date(text):
    from .chart import day
    return day(text)


def brendan(s, c):
    p = Chart(s, c, id="oconnor-brendan", given=["Brendan", "Patrick"], family="O'Connor", gender="male", birth="1994-06-27", race="white", marital="S", addr=("501 Eastern Point Road, Apt 3", "Portland", "04101"), pcp="okafor-ngozi",
              story="A torn cruciate ligament from an ice hockey game in 2025, its reconstruction, and the way back to the rink")
    p.allergy("medication", "Amoxicillin", "723", "amoxicillin", RXNORM, "Rash", "mild", "2003-03-12", reaction_code="271807003")
    p.visit("2023-05-16", "checkup", "Check-up").vitals(bp=(122, 74), hr=62, ht=185, wt=86.0).smoking("never").alcohol("Weekends, 3 to 4 beers").occupation("Firefighter").labs(chol=172, tg=88, hdl=54, glucose=90).vaccine("tdap")
    v = p.visit("2025-02-09", "emergency", "Knee injury at hockey", "beaulieu-marc").vitals(bp=(136, 82), hr=92, temp=36.8, spo2=99).diagnosis("acl")
    p.problem("acl", "2025-02-08", visit=v, abated="2026-02-10", by="beaulieu-marc")
    p.rx("ibuprofen-600", "Take 1 tablet by mouth three times daily with food", "", v, stop="2025-02-23", done=True, why="Course finished", reason="acl", times=(3, 1, "d"), quantity_=(42, "tablet"), refills=0)
    v.note("""Caught an edge, heard a pop, could not stand. Swollen right knee, loose in front. Crutches, brace, MRI this week. Asked twice when he can go back on the truck.""")
    v = p.visit("2025-02-18", "specialist", "MRI result", "beaulieu-marc").vitals(bp=(124, 76), hr=66, wt=87.2).report("mri-knee", "MRI of the right knee", "Complete tear of the anterior cruciate ligament. Menisci intact. Bone bruise of the lateral condyle.", "Complete tear of the anterior cruciate ligament.")
    v = p.visit("2025-03-20", "inpatient", "Ligament reconstruction", "beaulieu-marc", end="2025-03-21", hour=7, discharge="Home with brother").vitals(bp=(118, 72), hr=64, temp=36.6, spo2=99).procedure("acl-repair", "Hamstring graft, good tension.", "acl", 85)
    p.rx("acetaminophen", "Take 2 tablets by mouth every 6 hours for pain", "", v, stop="2025-04-03", done=True, why="No longer needed", reason="acl", times=(4, 1, "d"), refills=0)
    v.note("""Reconstruction with hamstring graft. Straight leg raise in recovery. Home next morning with brace, ice machine and a brother who will cook.""", "Discharge summary")
    for d, pain, wt in [("2025-04-15", 5, 88.4), ("2025-05-20", 3, 88.0), ("2025-07-15", 2, 87.1), ("2025-09-23", 1, 86.3), ("2026-02-10", 0, 85.8)]:
        v = p.visit(d, "specialist", "After knee surgery", "beaulieu-marc").vitals(bp=(120 + p.wobble(4), 74 + p.wobble(3)), hr=61 + p.wobble(3), wt=wt).procedure("physio", None, "acl")
        if d == "2025-09-23":
            v.note("""Six months: full bend, thigh 1 cm thinner than the other, single hop 88 %. Light duty at the station. No skating until the hop is 95 %.""")
        if d == "2026-02-10":
            v.note("""Hop 98 %. Back on the truck since November, back on the ice tonight, with the over-thirties this time. Discharged.""")
    p.visit("2026-06-16", "checkup", "Check-up").vitals(bp=(120, 72), hr=60, wt=85.6).smoking("never").labs(chol=168, tg=82, hdl=56, glucose=88).vaccine("flu")
    p.finish()


def claire(s, c):
    p = Chart(s, c, id="dubois-claire", given=["Claire"], family="Dubois", gender="female", birth="1980-02-25", race="white", lang="fr", marital="T", addr=("12 Lantern Way", "Brunswick", "04011"), pcp="okafor-ngozi",
              story="Iron deficiency anemia from fibroids: hemoglobin rises from 8.6 to 13.4 with iron and a small operation; migraine besides")
    p.no_known_allergies("2021-01-12")
    for i, (d, hgb, mcv, fer, hr) in enumerate([("2024-01-16", 8.6, 69, 4, 98), ("2024-02-20", 10.1, 74, 11, 88), ("2024-04-09", 11.3, 79, 19, 82), ("2024-07-16", 12.4, 84, 34, 76), ("2025-01-14", 13.1, 87, 48, 72), ("2026-01-13", 13.4, 88, 61, 70)]):
        v = p.visit(d, "office", "Breathless and pale" if i == 0 else "Anemia follow-up").vitals(bp=(112 + p.wobble(4), 70 + p.wobble(3)), hr=hr, wt=62.5 + p.wobble(1), **({"ht": 166, "spo2": 98} if i == 0 else {})).labs(hgb=hgb, mcv=mcv, wbc=6.1 + p.wobble(.5), plt=410 - i * 28, ferritin=fer).diagnosis("ida")
        if i == 0:
            p.problem("ida", d, visit=v, abated="2025-01-14")
            p.problem("fibroids", "2023-11-01", recorded=d, abated="2024-05-07")
            p.problem("migraine", "1998-01-01", recorded=d)
            p.rx("ferrous", "Take 1 tablet by mouth every other day", "", v, stop="2025-01-14", done=True, why="Iron stores full", reason="ida", times=(1, 2, "d"), quantity_=(45, "tablet"))
            p.rx("sumatriptan", "Take 1 tablet at the start of a migraine; may repeat once after 2 hours", "", v, reason="migraine", prn=True, quantity_=(9, "tablet"))
            v.smoking("never").occupation("Boat upholsterer").note("""Claire blamed the hills. Hemoglobin 8.6, ferritin 4. Periods of nine days, since two summers, that she took for normal because her mother's were the same. Iron every other day, ultrasound, and gynecology.""")
        if i == 4:
            v.note("""Hemoglobin 13.1. She had forgotten what a whole flight of stairs is like. Iron stopped; check in a year.""").vaccine("flu")
    v = p.visit("2024-05-07", "specialist", "Removal of a fibroid", "castellano-lucia", at="hospital", hour=9).procedure("myomectomy", "One 3 cm submucosal fibroid removed whole.", None, 30).report("pathology", "Uterine fibroid", "Leiomyoma, 3.1 cm, no atypia.", "Benign leiomyoma.")
    v.note("""Hysteroscopic removal of a single fibroid, 25 minutes, home by noon. Periods should be lighter from the next one.""", "Procedure note")
    p.finish()


def ruth(s, c):
    p = Chart(s, c, id="goldstein-ruth", given=["Ruth", "Esther"], family="Goldstein", gender="female", birth="1938-12-12", race="white", marital="W", addr=("3 Lighthouse Terrace", "Cape Elizabeth", "04107"), pcp="lindqvist-erik", payer="public-health-plans", plan="Medicare", since="2015-01-01", mobile=False, email=False,
              contact=("Deborah Goldstein", "DAUC", "daughter"), story="At 87: memory slowly fading (MoCA 26 to 20), a hip saved by fall prevention, osteoporosis treated, her daughter at her side")
    p.related("goldstein-deborah-of-ruth", ["Deborah"], "Goldstein", "DAUC", "daughter", "female", "1965-04-02", ("3 Lighthouse Terrace", "Cape Elizabeth", "04107"))
    p.allergy("intolerance", "Codeine", "2670", "codeine", RXNORM, "Confusion", "moderate", "2009-08-18", reaction_code="286933003")
    for i, (d, moca, sy, di, wt) in enumerate([("2022-05-10", 26, 146, 78, 58.2), ("2023-05-09", 25, 142, 76, 57.4), ("2024-05-14", 23, 138, 74, 56.1), ("2025-05-13", 22, 136, 72, 55.8), ("2026-05-12", 20, 134, 72, 55.0)]):
        v = p.visit(d, "checkup", "Yearly visit with memory check").vitals(bp=(sy, di), hr=70 + p.wobble(3), wt=wt, ht=154 - i * .4).score("moca", moca).labs(creat=.88, egfr=62 - i, k=4.3, na=139, hgb=12.6, mcv=92, wbc=5.8, plt=221, b12=388 + i * 4, tsh=2.8)
        if i == 0:
            p.problem("htn", "1999-01-01", recorded=d)
            p.rx("amlodipine-5", "Take 1 tablet by mouth once daily", "", v, reason="htn", times=(1, 1, "d"), quantity_=(90, "tablet"))
            v.smoking("never").occupation("Retired court stenographer").vaccine("covid21")
        if i == 1:
            p.problem("mci", d, visit=v)
            v.diagnosis("mci").note("""Mrs. Goldstein lost the thread of two stories and knew it. MoCA 25. B12 and thyroid fine. She still does the crossword in ink. Deborah is moving back to Maine.""")
        if i == 3:
            v.diagnosis("mci").note("""MoCA 22. The stove has a timer now, the pills come in a roll, and Deborah has power of attorney for health care, signed while her mother could explain it better than the lawyer. She wishes to stay in the house with the view of the light.""")
        if i == 4:
            v.diagnosis("mci").note("""MoCA 20. Some days she calls me by my predecessor's name. Content, eats well with company, sings. Day program twice a week so that Deborah can breathe.""")
    v = p.visit("2023-11-22", "emergency", "Fall at home", "lindqvist-erik", hour=10).vitals(bp=(152, 80), hr=82, spo2=97).diagnosis("fall-risk").report("mri-brain", "MRI of the brain", "No bleeding, no fracture. Mild loss of volume in both hippocampi, few white matter changes.", "No injury from the fall. Mild atrophy for age.")
    p.problem("fall-risk", "2023-11-22", visit=v, concern=True)
    v = p.visit("2023-12-05", "office", "After the fall").vitals(bp=(140, 76), hr=72, wt=56.8).procedure("dxa").report("dxa", "Bone density", "Femoral neck T-score -2.9, spine -2.6.", "Osteoporosis.")
    p.problem("osteoporosis", "2023-12-05", visit=v)
    p.rx("alendronate", "Take 1 tablet by mouth once a week with a full glass of water, upright for 30 minutes", "", v, reason="osteoporosis", times=(1, 1, "wk"), quantity_=(12, "tablet"))
    v.note("""Tripped on the rug between bed and bath at night. Bruises only. The rug is gone, there are lights on the floor and rails by the bath, and a balance class on Tuesdays. Bone density is low: alendronate on Sundays, with Deborah.""")
    for d, vax in [("2022-10-11", ["flu-hd"]), ("2023-10-10", ["flu-hd", "rsv"]), ("2024-10-15", ["flu-hd", "covid"]), ("2025-10-14", ["flu-hd"]), ("2026-10-13", ["flu-hd", "covid"])]:
        p.visit(d, "office", "Autumn vaccines and blood pressure").vitals(bp=(138 + p.wobble(6), 74 + p.wobble(3)), hr=70 + p.wobble(3)).vaccine(*vax)
    p.careteam(["lindqvist-erik", "yilmaz-deniz", ("RelatedPerson/goldstein-deborah-of-ruth", "Deborah Goldstein", "133932002", "Caregiver")], "2023-05-09")
    p.careplan("Staying at home", "Pills in a dated roll; balance class; night lights and rails; day program twice a week; daughter holds the health care power of attorney; yearly memory check.", "2025-05-13", [p.goal("Stay in my own house", "2025-05-13", "2027-05-13")], ["mci", "osteoporosis", "fall-risk"])
    p.finish()


def hiroshi(s, c):
    p = Chart(s, c, id="tanaka-hiroshi", given=["Hiroshi"], family="Tanaka", gender="male", birth="1966-08-08", race="asian", marital="M", addr=("45 Tidewater Lane", "Freeport", "04032"), pcp="lindqvist-erik",
              story="Gout: uric acid falls from 10.2 to 5.4 mg/dL on allopurinol and the attacks stop")
    p.no_known_allergies("2022-05-03")
    for i, (d, ur, wt, sy, di) in enumerate([("2023-06-06", 10.2, 84.3, 136, 86), ("2023-08-08", 8.1, 83.7, 134, 84), ("2023-10-24", 6.9, 82.9, 132, 84), ("2024-01-23", 5.8, 82.0, 130, 82), ("2024-07-23", 5.5, 81.1, 128, 80), ("2025-07-22", 5.6, 80.8, 126, 80), ("2026-07-21", 5.4, 80.2, 126, 78)]):
        v = p.visit(d, "office", "Red swollen toe" if i == 0 else "Gout follow-up").vitals(bp=(sy, di), hr=76 + p.wobble(4), wt=wt, **({"ht": 170, "temp": 37.4} if i == 0 else {})).labs(urate=ur, creat=1.08 + p.wobble(.04), egfr=79, k=4.3, na=140).diagnosis("gout")
        if i == 0:
            p.problem("gout", "2021-09-01", visit=v)
            p.rx("colchicine", "Take 2 tablets at once, then 1 an hour later; then 1 daily for 6 months", "", v, stop="2024-01-23", done=True, why="No attack for five months", reason="gout", times=(1, 1, "d"), quantity_=(90, "tablet"))
            v.smoking("never").alcohol("Beer with dinner, 2 most days").occupation("Chef and restaurant owner").note("""Third attack in a year: could not bear the bedsheet. Uric acid 10.2. Lobster stock, dashi and beer all day are his trade. Colchicine now, allopurinol in small steps once the toe is quiet; tasting spoons instead of bowls.""")
            p.rx("allopurinol-100", "Take 1 tablet by mouth once daily", "2023-06-27", reason="gout", stop="2023-10-24", why="Dose raised", times=(1, 1, "d"), quantity_=(90, "tablet"))
        if i == 2:
            p.rx("allopurinol-300", "Take 1 tablet by mouth once daily", "", v, reason="gout", times=(1, 1, "d"), quantity_=(90, "tablet"))
        if i == 4:
            v.note("""A whole year without an attack. Uric acid 5.5. Stays on 300 mg for good. He brought soup, without shellfish.""")
        if i == 6:
            v.labs(chol=188, tg=140, hdl=49, glucose=100, hba1c=5.5).smoking("never").vaccine("zoster")
    p.visit("2025-04-15", "specialist", "Screening colonoscopy", "novak-helen", at="hospital", hour=8).procedure("colonoscopy", "Two small polyps removed, both benign. Next in seven years.", None, 35)
    p.finish()


def harpreet(s, c):
    p = Chart(s, c, id="singh-harpreet", given=["Harpreet"], family="Singh", gender="male", birth="1983-11-11", race="asian", lang="pa", marital="M", addr=("610 Bridgton Heights", "Windham", "04062"), pcp="okafor-ngozi", contact=("Simran Singh", "SPS", "spouse"),
              story="Weight falls from 134 to 98 kg in two years with semaglutide and the gym; blood pressure and sleep apnea fall with it")
    p.no_known_allergies("2022-10-11")
    rows = [("2023-09-12", 133.8, 146, 94, 88, 5.9), ("2023-11-14", 134.2, 144, 92, 88, None), ("2024-01-09", 130.1, 142, 90, 86, None), ("2024-03-12", 125.6, 138, 88, 84, 5.7), ("2024-05-14", 121.0, 136, 86, 82, None), ("2024-08-13", 115.2, 132, 84, 78, 5.5), ("2024-11-12", 109.9, 128, 82, 76, None), ("2025-02-11", 105.8, 126, 80, 74, 5.4), ("2025-06-10", 101.5, 124, 78, 72, None), ("2025-11-11", 98.4, 122, 78, 70, 5.3), ("2026-05-12", 98.9, 122, 76, 70, 5.3), ("2026-11-10", 98.1, 120, 76, 68, 5.3)]
    for i, (d, wt, sy, di, hr, a1c) in enumerate(rows):
        v = p.visit(d, "office", "Weight and tiredness" if i == 0 else "Weight follow-up").vitals(bp=(sy, di), hr=hr, wt=wt, **({"ht": 184} if i == 0 else {}))
        if a1c:
            v.labs(hba1c=a1c, alt=[62, 50, 41, 33, 28, 27, 26][min(6, i // 2)], chol=[226, 210, 196, 188, 184, 180, 178][min(6, i // 2)], tg=[240, 200, 170, 146, 130, 124, 118][min(6, i // 2)], hdl=[36, 38, 40, 42, 44, 45, 46][min(6, i // 2)])
        if i == 0:
            p.problem("obesity", "2012-01-01", visit=v)
            p.problem("htn", "2023-09-12", visit=v)
            p.rx("lisinopril-10", "Take 1 tablet by mouth once daily", "", v, stop="2025-06-10", done=True, why="Blood pressure normal without it", reason="htn", times=(1, 1, "d"), quantity_=(90, "tablet"))
            v.smoking("never").alcohol("None").occupation("Long-haul truck driver").diagnosis("obesity", "htn").score("phq9", 10).note("""Mr. Singh fell asleep at a red light with the engine running. 134 kg, BMI 39.5, pressure 146/94. Drives eleven hours a day and eats at the counter. Sleep study this month; he is off the road until then and took it well, since he has three small children.""")
        if i == 1:
            p.problem("osa", "2023-10-03", visit=v)
            p.rx("semaglutide", "Inject under the skin once weekly; dose raised every four weeks to 2.4 mg", "", v, reason="obesity", times=(1, 1, "wk"), refills=11)
        if i == 5:
            v.note("""Eighteen kilos lighter. Pressure 132. He parks at the far end of every truck stop and walks a mile. Wears the mask each night; Simran sleeps too.""")
        if i == 8:
            v.diagnosis("obesity").note("""Lisinopril stopped; 124/78 without dizziness. The gym at the depot opens at four and he is the one with the key. 101.5 kg.""")
        if i == 11:
            v.vaccine("flu").score("phq9", 2).note("""Holds at 98 kg for a year on a smaller dose. Repeat sleep study: 4 events an hour, from 41. He may sleep without the mask.""")
    p.visit("2023-10-03", "specialist", "Overnight sleep study", "abernathy-paul", at="hospital", hour=15).procedure("sleep-study", "41 breathing pauses an hour, lowest saturation 78 %.", None, 40)
    p.visit("2026-10-06", "specialist", "Repeat sleep study", "abernathy-paul", at="hospital", hour=15).procedure("sleep-study", "4 breathing pauses an hour.", None, 40)
    p.careplan("Weight plan", "Semaglutide weekly; protein first; a mile at each stop; sleep mask every night until the repeat study; visit every two to three months.", "2023-11-14", [p.goal("Below 100 kg", "2023-11-14", "2025-12-31", "completed", "achieved")], ["obesity", "osa"])
    p.careteam(["okafor-ngozi", "abernathy-paul", "tran-kim"], "2023-11-14")
    p.finish()


def naomi(s, c):
    p = Chart(s, c, id="sabattus-naomi", given=["Naomi", "Rose"], family="Sabattus", gender="female", birth="2001-04-04", race="native", marital="S", addr=("7 Passage Road", "Old Orchard Beach", "04064"), pcp="okafor-ngozi",
              story="Epilepsy: two seizures in 2023, seizure-free on lamotrigine since, and driving again")
    p.allergy("environment", "Latex", "111088007", "Latex", SNOMED, "Contact rash", "mild", "2019-09-09", reaction_code="271807003")
    v = p.visit("2023-03-04", "emergency", "First seizure", "yilmaz-deniz").vitals(bp=(128, 78), hr=108, spo2=97, temp=36.9).diagnosis("seizure").labs(glucose=104, na=139, k=3.9, creat=.7, egfr=122, hgb=13.0, mcv=89, wbc=10.2, plt=266)
    v.note("""Naomi, 21, stiffened and shook for two minutes in the college library after two nights of revision. Bitten tongue, clear-headed within the hour. No driving; neurology in ten days.""")
    v = p.visit("2023-03-14", "specialist", "After the first seizure", "yilmaz-deniz").vitals(bp=(112, 70), hr=70, ht=168, wt=60.2).procedure("eeg", "Short generalized spike-and-wave bursts.").report("mri-brain", "MRI of the brain", "Normal.", "Normal MRI of the brain.").smoking("never").occupation("College student, then basket maker and teacher")
    v = p.visit("2023-07-11", "specialist", "Second seizure", "yilmaz-deniz").vitals(bp=(114, 70), hr=74, wt=60.8).diagnosis("epilepsy")
    p.problem("epilepsy", "2023-07-08", visit=v, by="yilmaz-deniz")
    p.rx("lamotrigine-100", "Build up over 6 weeks as on the sheet, then 1 tablet by mouth twice daily", "", v, reason="epilepsy", times=(2, 1, "d"), quantity_=(180, "tablet"))
    v.note("""A second one, at breakfast. Epilepsy, generalized. Lamotrigine, slowly, because of the rash. Sleep before everything: she has told the ash-splitting crew she no longer starts at four.""", "Consult note")
    for d in ("2023-10-10", "2024-01-16", "2024-07-16", "2025-07-15", "2026-07-14"):
        v = p.visit(d, "specialist", "Epilepsy follow-up", "yilmaz-deniz").vitals(bp=(112 + p.wobble(4), 70 + p.wobble(3)), hr=70 + p.wobble(3), wt=61 + p.wobble(1)).diagnosis("epilepsy")
        if d == "2024-01-16":
            v.note("""Six months without a seizure. The Bureau form is signed: she may drive from today. No rash, a little less patience, she says, but that may be the students.""").score("phq9", 4)
        if d == "2026-07-14":
            v.note("""Three years free. Her baskets took a ribbon at Bar Harbor. We talked about pregnancy one day: folic acid now, blood levels then, no need to fear.""")
            p.rx("folic-acid", "Take 1 tablet by mouth once daily", "", v, reason="epilepsy", times=(1, 1, "d"))
    p.visit("2024-10-08", "checkup", "Check-up").vitals(bp=(110, 70), hr=68, wt=61.2).vaccine("flu").smoking("never")
    p.visit("2026-10-13", "checkup", "Check-up").vitals(bp=(112, 70), hr=70, wt=61.8).vaccine("flu", "covid").smoking("never")
    p.finish()


def marcus(s, c):
    p = Chart(s, c, id="johnson-marcus", given=["Marcus", "Anthony"], family="Johnson", gender="male", birth="1961-09-17", race="black", marital="D", addr=("88 Stroudwater Landing", "Portland", "04102"), pcp="lindqvist-erik",
              story="Low-risk prostate cancer watched, not treated: five years of PSA between 5 and 6.5 and two calm biopsies")
    p.no_known_allergies("2020-09-22")
    for i, (d, psa, sy, di, wt) in enumerate([("2021-09-21", 4.6, 132, 82, 90.1), ("2021-12-14", 5.4, 134, 82, 90.6), ("2022-06-14", 5.2, 130, 80, 89.8), ("2022-12-13", 5.6, 130, 80, 89.9), ("2023-06-13", 5.5, 128, 80, 88.7), ("2023-12-12", 5.9, 130, 78, 88.2), ("2024-06-11", 5.7, 128, 78, 88.0), ("2024-12-10", 6.1, 128, 78, 87.4), ("2025-06-10", 5.9, 126, 78, 87.0), ("2025-12-09", 6.2, 128, 78, 87.2), ("2026-06-09", 6.1, 126, 76, 86.9)]):
        v = p.visit(d, "checkup" if i == 0 else "office", "Annual check-up" if i == 0 else "PSA follow-up").vitals(bp=(sy, di), hr=70 + p.wobble(3), wt=wt, **({"ht": 181} if i == 0 else {})).labs(psa=psa)
        if i == 0:
            v.smoking("former").occupation("Jazz radio host and piano tuner").labs(chol=206, tg=118, hdl=52, glucose=98)
        if i == 1:
            v.report("pathology", "Prostate biopsy", "Twelve cores. Adenocarcinoma in one core, 10 %, Gleason 3+3=6.", "Low-risk prostate cancer, grade group 1.").procedure("prostate-bx").diagnosis("prostate-ca")
            p.problem("prostate-ca", d, visit=v)
            v.note("""One core in twelve, the mildest grade. His father died of this, of the other kind, and in 1994. We drew the choices on paper: watch, operate, radiate. He chooses to watch, with a test twice a year and biopsies, and the right to change his mind on any day.""")
        if i == 5:
            v.procedure("prostate-bx").report("pathology", "Prostate biopsy", "Fourteen cores. Adenocarcinoma in one core, 5 %, Gleason 3+3=6.", "Unchanged, grade group 1.").note("""Second biopsy no different from the first. He played the night before and the night after. Carry on watching.""").vaccine("flu4", "zoster")
        if i == 10:
            v.note("""Five years, PSA 6.1, a slope hardly there. Prostate MRI this autumn, then biopsies only if it changes. He has talked three friends into getting tested on air.""").smoking("former")
    p.careteam(["lindqvist-erik", "haddad-samir"], "2021-12-14")
    p.careplan("Active surveillance", "PSA every six months; biopsy or MRI every two years; treat when the grade or the slope changes, or when you wish.", "2021-12-14", [p.goal("Keep to surveillance without loss of safety", "2021-12-14", "2031-12-14")], ["prostate-ca"])
    p.finish()


def eunji(s, c):
    p = Chart(s, c, id="kim-eunji", given=["Eunji"], family="Kim", gender="female", birth="1986-05-05", race="asian", lang="ko", marital="M", addr=("54 Windmill Rise", "Scarborough", "04074"), pcp="okafor-ngozi", contact=("Joon Kim", "SPS", "spouse"),
              story="Chronic hepatitis B found in a routine test: ALT falls from 142 to 22 on tenofovir, family vaccinated")
    p.no_known_allergies("2023-02-14")
    for i, (d, alt, ast) in enumerate([("2023-02-14", 142, 98), ("2023-05-16", 71, 52), ("2023-08-15", 38, 30), ("2024-02-13", 26, 24), ("2024-08-13", 23, 22), ("2025-08-12", 24, 21), ("2026-08-11", 22, 20)]):
        v = p.visit(d, "office" if i == 0 else "specialist", "Abnormal liver tests" if i == 0 else "Liver follow-up", None if i == 0 else "novak-helen").vitals(bp=(110 + p.wobble(4), 68 + p.wobble(3)), hr=70 + p.wobble(3), wt=54.5 + p.wobble(.8), **({"ht": 161} if i == 0 else {})).labs(alt=alt, ast=ast, plt=198 + i * 4, hgb=12.9, mcv=89, wbc=5.2).diagnosis("hbv")
        if i == 0:
            v.finding("hbsag", "5196-1", "Hepatitis B virus surface Ag [Presence] in Serum or Plasma by Immunoassay", "Hepatitis B surface antigen", concept_(SNOMED, "10828004", "Positive", "Positive")).smoking("never").occupation("Violin maker")
            p.problem("hbv", "1986-05-05", recorded=d, visit=v)
            v.note("""Liver numbers three times normal on an insurance blood test. Hepatitis B, surely since birth; her mother in Busan has it too. No sign of scarring. She feared for the children: both were vaccinated at birth, Joon starts today.""")
        if i == 1:
            p.rx("tenofovir", "Take 1 tablet by mouth once daily with food", "", v, reason="hbv", times=(1, 1, "d"), quantity_=(90, "tablet"))
        if i == 3:
            v.note("""ALT 26, virus no longer found. One tablet a day for the long run, ultrasound twice a year. She has varnished a cello and named it Joon.""", "Consult note")
        if i == 6:
            v.note("""All quiet: ALT 22, ultrasound clear. See you in a year, bloods in six months.""").vaccine("hepa-adult")
    p.visit("2025-11-04", "checkup", "Check-up").vitals(bp=(112, 70), hr=70, wt=54.9).vaccine("flu").smoking("never").score("gad7", 4)
    p.finish()


def jordan(s, c):
    p = Chart(s, c, id="walker-jordan", given=["Jordan", "Ellis"], family="Walker", gender="other", sex="female", birth="2002-01-31", race="white", marital="S", addr=("270 Quarry Hill Road, Apt 9", "Portland", "04101"), pcp="okafor-ngozi", identity=("33791000087105", "Identifies as nonbinary gender", "Nonbinary, they/them"),
              story="Healthy young adult: yearly check-ups, a bout of bronchitis, vaccines before a year in Peru")
    p.no_known_allergies("2022-06-14")
    for i, (d, sy, di, hr, wt) in enumerate([("2022-06-14", 114, 70, 66, 63.0), ("2023-06-13", 112, 70, 64, 64.1), ("2024-06-11", 116, 72, 62, 64.8), ("2025-06-10", 114, 70, 60, 65.0), ("2026-06-09", 112, 70, 58, 64.4)]):
        v = p.visit(d, "checkup", "Check-up").vitals(bp=(sy, di), hr=hr, wt=wt, temp=36.6, **({"ht": 170.5} if i == 0 else {})).smoking("occasional" if i < 2 else "former").score("phq9", [4, 3, 3, 2, 2][i]).hunger(False)
        if i == 0:
            v.labs(chol=164, tg=72, hdl=62, glucose=86, hgb=13.4, mcv=90, wbc=5.9, plt=240).occupation("Student, then bicycle mechanic").alcohol("Weekends, 2 drinks").vaccine("hpv")
        if i == 2:
            v.note("""Jordan stopped smoking at parties when they began to race. Heart rate 62. Nothing to fix; we talked about sunscreen and about teeth.""")
        if i == 4:
            v.note("""Leaves for Cusco in August to build bicycles with a cooperative. Yellow fever at the travel clinic; hepatitis A and typhoid here today. Resting pulse 58. See you in 2027 with stories.""").vaccine("hepa-adult", "typhoid")
    v = p.visit("2024-02-06", "video", "Cough for two weeks").diagnosis("bronchitis").note("""Chesty cough since the January races, no fever, sleeps. Bronchitis; no antibiotic needed, honey and patience. Call if breathless or not better by the end of the month.""")
    p.finish()


ALL = [kwame, abena, leo, arjun, luc, grace, sofia, brendan, claire, ruth, hiroshi, harpreet, naomi, marcus, eunji, jordan]
