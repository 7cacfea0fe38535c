"""Adults' stories, first half."""

from .chart import Chart
from .codes import *


def maria(s, c):
    p = Chart(s, c, id="alvarez-maria", given=["Maria", "Elena"], family="Alvarez", gender="female", birth="1971-06-14", race="white", hispanic=True, lang="es", marital="M",
              addr=("58 Larch Street, Apt 2", "Portland", "04102"), pcp="okafor-ngozi", contact=("Jorge Alvarez", "SPS", "spouse"),
              story="Type 2 diabetes found in 2023: HbA1c falls from 9.4 to 6.2 % with metformin, walking and 15 kg less weight")
    p.no_known_allergies("2022-03-08")
    v = p.visit("2022-03-08", "checkup", "Annual check-up").vitals(bp=(134, 84), hr=80, ht=162, wt=89.6, rr=14, temp=36.7).smoking("never").occupation("School cafeteria manager")
    v.labs(hba1c=6.1, chol=224, tg=198, hdl=41).diagnosis("prediabetes").vaccine("covid21").hunger(False)
    p.problem("prediabetes", "2022-03-08", visit=v, abated="2023-02-21", note="Became type 2 diabetes in February 2023.")
    v.note("""Mrs. Alvarez feels well but tired at the end of her shifts. Her mother had diabetes and lost a foot to it; she is frightened of going the same way.

        HbA1c 6.1 %, in the prediabetes range. We talked about the walk home along the bay and about the leftovers from the cafeteria. She would rather not take tablets yet. Repeat in a year, sooner if thirsty.""")
    v = p.visit("2023-02-21", "office", "Thirst and tiredness").vitals(bp=(142, 88), hr=84, wt=93.1, rr=16, temp=36.8)
    v.labs(hba1c=9.4, glucose=238, bun=14, creat=0.78, egfr=89, na=137, k=4.3, chol=238, tg=264, hdl=38, uacr=42).diagnosis("t2dm").score("phq9", 8)
    p.problem("t2dm", "2023-02-21", visit=v)
    p.problem("hld", "2022-03-08", recorded="2023-02-21")
    p.problem("obesity", "2021-01-01", recorded="2023-02-21", abated="2025-03-04", note="BMI below 30 since March 2025.")
    p.rx("metformin-500", "Take 1 tablet by mouth twice daily with meals", "", v, stop="2023-05-23", why="Dose raised", reason="t2dm", times=(2, 1, "d"), quantity_=(180, "tablet"))
    p.rx("atorva-20", "Take 1 tablet by mouth every evening", "", v, reason="hld", times=(1, 1, "d"), quantity_=(90, "tablet"))
    v.note("""Three weeks of thirst, up four times a night. HbA1c 9.4 %. She cried when I said the word diabetes, then asked good questions for half an hour.

        Plan: metformin 500 mg twice daily, a statin, eye and foot checks, and the dietitian who speaks Spanish. Her husband Jorge will learn the meter with her. She set her own goal: to walk every evening and to weigh 80 kg by her daughter's wedding.""")
    g1 = p.goal("HbA1c below 7 %", "2023-02-21", "2024-02-28", "completed", "achieved")
    g2 = p.goal("Weigh 80 kg or less by my daughter's wedding in May 2025", "2023-03-07", "2025-05-17", "completed", "achieved")
    p.careplan("Living with type 2 diabetes", "Metformin and a statin every day; walk 30 minutes after the evening meal; half the plate vegetables; HbA1c every three months until below 7 %, then twice a year; eyes and feet once a year.", "2023-03-07", [g1, g2], ["t2dm", "hld"])
    p.careteam(["okafor-ngozi", "sharma-vikram", "laflamme-denise"], "2023-02-21")
    weights = [("2023-05-23", 90.2, 8.1, 138, 86), ("2023-08-29", 87.4, 7.4, 134, 84), ("2023-12-05", 85.0, 6.9, 132, 82), ("2024-04-09", 82.6, 6.6, 128, 80),
               ("2024-09-17", 80.4, 6.5, 126, 78), ("2025-03-04", 78.6, 6.4, 124, 78), ("2025-09-16", 78.0, 6.3, 122, 76), ("2026-03-10", 77.9, 6.2, 120, 76), ("2026-10-06", 78.2, 6.2, 122, 76)]
    for i, (d, wt, a1c, sy, di) in enumerate(weights):
        v = p.visit(d, "office", "Diabetes follow-up").vitals(bp=(sy, di), hr=78 - i + p.wobble(2), wt=wt).labs(hba1c=a1c).diagnosis("t2dm")
        if i == 0:
            p.rx("metformin-1000", "Take 1 tablet by mouth twice daily with meals", "", v, reason="t2dm", times=(2, 1, "d"), quantity_=(180, "tablet"))
        if i in (2, 5, 8):
            v.labs(chol=[172, 164, 158][i // 3], tg=[168, 132, 118][i // 3], hdl=[44, 48, 51][i // 3], creat=0.8, egfr=[88, 87, 86][i // 3], k=4.4, na=139, glucose=[128, 112, 108][i // 3], uacr=[26, 18, 12][i // 3]).vaccine("flu")
            v.procedure("foot-exam", "Pulses and sensation normal on both feet.", "t2dm", 10)
        if i == 2:
            v.note("""HbA1c 6.9 %: under seven for the first time, and eight kilos lighter. She walks with two neighbours now and says she would miss it. Feet and kidneys fine; the small leak of albumin has gone back to normal. Keep going, no change of tablets.""")
        if i == 5:
            v.note("""BMI is under 30. The wedding is in ten weeks and the dress has been taken in twice. No low sugars, no stomach upset. We agreed to go to six-monthly checks.""").score("phq9", 2)
        if i == 8:
            v.note("""HbA1c steady at 6.2 %. She has started a walking group for the cafeteria staff. Eyes checked in June, no retinopathy. Next visit in spring.""").smoking("never")
    v = p.visit("2026-06-16", "specialist", "Yearly diabetic eye examination", "ostrowski-jan").procedure("eye-exam", "No diabetic retinopathy in either eye.", "t2dm", 25)
    p.finish()


def raymond(s, c):
    p = Chart(s, c, id="thibodeau-raymond", given=["Raymond", "Joseph"], family="Thibodeau", gender="male", birth="1962-04-18", race="white", lang="en", marital="M",
              addr=("412 Mill Brook Road", "Westbrook", "04092"), pcp="okafor-ngozi", contact=("Carol Thibodeau", "SPS", "spouse"),
              story="High blood pressure that one drug does not control; home readings fall from about 165/100 to 126/78 after the second")
    p.allergy("medication", "Lisinopril", "29046", "lisinopril", RXNORM, "Dry cough", "mild", "2024-04-30", reaction_code="11833005")
    v = p.visit("2023-10-17", "checkup", "First visit in six years").vitals(bp=(168, 102), hr=84, ht=178, wt=97.5, rr=16, temp=36.6).smoking("former").occupation("Mill electrician, retiring in 2027")
    v.labs(chol=212, tg=160, hdl=43, glucose=104, bun=16, creat=1.02, egfr=83, na=141, k=4.4, uacr=14).diagnosis("htn").alcohol("Two beers most evenings").procedure("ecg", "Sinus rhythm, no strain.", None, 10).vaccine("flu4")
    p.problem("htn", "2023-10-17", visit=v)
    v.note("""Mr. Thibodeau came because his wife booked it. He feels nothing. Pressure 168/102 here, 164/100 when I took it again myself after ten quiet minutes.

        His father had a stroke at 64; Ray is 61 and has done that sum. He will borrow a cuff, write the numbers down for two weeks, and go from two beers to weekends. If they stay up we start tablets.""")
    for d, sy, di in [("2023-10-21", 166, 101), ("2023-10-25", 162, 98), ("2023-10-29", 168, 102), ("2023-11-03", 163, 99), ("2023-11-07", 165, 100)]:
        p.home_bp(d, sy, di)
    v = p.visit("2023-11-09", "video", "Blood pressure diary").diagnosis("htn")
    p.rx("lisinopril-10", "Take 1 tablet by mouth once daily", "", v, stop="2024-01-16", why="Dose raised", reason="htn", times=(1, 1, "d"), quantity_=(90, "tablet"))
    for d, sy, di in [("2023-12-01", 156, 96), ("2023-12-19", 154, 94), ("2024-01-08", 152, 95)]:
        p.home_bp(d, sy, di)
    v = p.visit("2024-01-16", "office", "Blood pressure follow-up").vitals(bp=(154, 94), hr=80, wt=96.8).labs(creat=1.05, egfr=80, k=4.6, na=140, bun=17, glucose=101).diagnosis("htn")
    p.rx("lisinopril-20", "Take 1 tablet by mouth once daily", "", v, stop="2024-04-30", why="Dry cough", reason="htn", times=(1, 1, "d"), quantity_=(90, "tablet"))
    for d, sy, di in [("2024-02-10", 150, 92), ("2024-03-05", 148, 93), ("2024-04-02", 149, 91), ("2024-04-22", 147, 92)]:
        p.home_bp(d, sy, di)
    v = p.visit("2024-04-30", "office", "Cough, and pressure still high").vitals(bp=(150, 92), hr=78, wt=96.1).diagnosis("htn")
    p.rx("losartan-50", "Take 1 tablet by mouth once daily", "", v, reason="htn", times=(1, 1, "d"), quantity_=(90, "tablet"))
    v.note("""A tickling cough since February, worst in bed: that is the lisinopril. Changed to losartan. Pressure is better than it was but still about 150 at home on one drug. He would rather try one more month before adding another.""")
    for d, sy, di in [("2024-05-18", 149, 91), ("2024-06-09", 147, 90)]:
        p.home_bp(d, sy, di)
    v = p.visit("2024-06-18", "office", "Blood pressure follow-up").vitals(bp=(148, 92), hr=76, wt=95.4).labs(creat=1.04, egfr=81, k=4.5, na=141, bun=16, glucose=99).diagnosis("htn")
    p.rx("amlodipine-5", "Take 1 tablet by mouth once daily", "", v, reason="htn", times=(1, 1, "d"), quantity_=(90, "tablet"))
    v.note("""Cough gone within two weeks of stopping lisinopril. Pressure stuck near 148/91 with one drug, so amlodipine 5 mg is added today. Watch for swollen ankles. Carol has taken over the salt cellar.""")
    g = p.goal("Home blood pressure below 130/80", "2024-06-18", "2024-12-31", "completed", "achieved")
    p.careplan("Blood pressure plan", "Losartan and amlodipine every morning; measure at home twice a week, seated and rested; less salt; beer on weekends only; visit every three months until the average is below 130/80, then twice a year.", "2024-06-18", [g], ["htn"])
    for d, sy, di in [("2024-07-02", 140, 86), ("2024-07-16", 135, 84), ("2024-08-04", 132, 82), ("2024-08-25", 130, 80), ("2024-09-15", 128, 80), ("2024-10-20", 127, 79),
                      ("2024-12-08", 129, 78), ("2025-02-09", 126, 78), ("2025-04-13", 128, 79), ("2025-06-22", 124, 76), ("2025-08-31", 125, 77), ("2025-11-16", 127, 78),
                      ("2026-02-15", 126, 78), ("2026-05-17", 124, 77), ("2026-08-16", 125, 76), ("2026-10-18", 126, 78)]:
        p.home_bp(d, sy, di)
    for d, sy, di, wt in [("2024-09-24", 132, 82, 94.0), ("2025-03-25", 128, 80, 92.6), ("2025-10-07", 126, 78, 91.8), ("2026-04-14", 124, 78, 91.2), ("2026-10-20", 126, 78, 91.5)]:
        v = p.visit(d, "office", "Blood pressure follow-up").vitals(bp=(sy, di), hr=72 + p.wobble(3), wt=wt).diagnosis("htn")
        if d == "2024-09-24":
            v.note("""Down from 168 to an average of 130 in the diary he keeps on the fridge. No swelling, no dizziness. He said: so it was never going to be just the one pill. Losartan and amlodipine both continue.""").vaccine("flu")
        if d.startswith("2025-10"):
            v.labs(chol=186, tg=128, hdl=48, glucose=97, bun=17, creat=1.03, egfr=81, na=140, k=4.5, uacr=11).smoking("former").vaccine("flu", "zoster")
        if d == "2026-10-20":
            v.note("""Two years under control. He has lost six kilos without calling it a diet, and will retire in spring with plans for a boat. Bloods in a year.""").vaccine("flu").labs(creat=1.06, egfr=79, k=4.4, na=141)
    p.careteam(["okafor-ngozi", "tran-kim"], "2023-11-09")
    p.finish()


def linh(s, c):
    p = Chart(s, c, id="nguyen-linh", given=["Linh"], family="Nguyen", gender="female", birth="1993-09-02", race="asian", lang="en", marital="M",
              addr=("17 Birchwood Lane", "South Portland", "04106"), pcp="okafor-ngozi", contact=("Daniel Tran", "SPS", "spouse"),
              story="First pregnancy, September 2025 to May 2026: prenatal visits with weight, blood pressure, fundal height and fetal heart rate, a healthy birth, and the weeks after")
    p.no_known_allergies("2024-05-21")
    v = p.visit("2024-05-21", "checkup", "Annual check-up").vitals(bp=(108, 68), hr=72, ht=160, wt=55.4, temp=36.6).smoking("never").occupation("Marine biologist").labs(hgb=13.1, mcv=88, wbc=6.2, plt=248).score("phq9", 2).vaccine("hpv")
    v = p.visit("2025-06-10", "checkup", "Check-up before pregnancy").vitals(bp=(110, 68), hr=70, wt=55.9).labs(hgb=12.8, mcv=87, wbc=6.0, plt=252, tsh=1.62)
    p.rx("prenatal", "Take 1 tablet by mouth once daily", "", v, times=(1, 1, "d"), quantity_=(90, "tablet"))
    visits = [  # date, weeks, weight, bp, heart rate, fundal height, fetal heart rate
        ("2025-10-14", 8, 56.0, 108, 66, 78, None, None), ("2025-11-13", 12, 56.9, 106, 64, 80, None, 158), ("2025-12-11", 16, 58.3, 104, 62, 82, None, 152), ("2026-01-08", 20, 60.2, 104, 62, 84, 20, 148),
        ("2026-02-05", 24, 62.3, 106, 64, 86, 24, 146), ("2026-03-05", 28, 64.4, 108, 66, 87, 28, 144), ("2026-03-19", 30, 65.3, 110, 68, 88, 30, 142), ("2026-04-02", 32, 66.2, 110, 68, 88, 32, 144),
        ("2026-04-16", 34, 67.0, 112, 70, 89, 33, 140), ("2026-04-30", 36, 67.9, 114, 72, 90, 36, 138), ("2026-05-07", 37, 68.2, 114, 72, 88, 37, 140), ("2026-05-14", 38, 68.6, 116, 74, 90, 37, 136), ("2026-05-21", 39, 68.9, 118, 74, 91, 38, 138)]
    for d, weeks, wt, sy, di, hr, fundal, fhr in visits:
        v = p.visit(d, "prenatal", f"Prenatal visit, {weeks} weeks", "brennan-maeve").vitals(bp=(sy, di), hr=hr, wt=wt)
        if fundal:
            v.measure(fundal=fundal)
        if fhr:
            v.measure(fhr=fhr)
        if weeks == 8:
            v.pregnant().labs(hgb=12.6, mcv=88, wbc=7.4, plt=240).finding("blood-group", "882-1", "ABO and Rh group [Type] in Blood", "Blood group", concept_(SNOMED, "278149003", "Blood group A Rh(D) positive", "A positive")).score("phq9", 3).diagnosis("pregnancy")
            p.problem("pregnancy", "2025-09-12", visit=v, abated="2026-05-26", by="brennan-maeve")
            v.procedure("ob-us", "Single embryo, heartbeat seen, 8 weeks and 1 day.", "pregnancy")
            v.note("""Linh and Daniel saw the heartbeat today and forgot every question on their list. Eight weeks, due 26 May 2026. Nauseated but keeping food down; crackers before getting up, small meals.

                She dives for work: no more until after the birth. Her lab has already moved her to the microscope.""")
        if weeks == 20:
            v.report("ob-us", "Anatomy ultrasound, 20 weeks", "Single fetus, head up. Growth at the 48th percentile. Heart with four chambers, spine, kidneys and limbs normal. Placenta on the back wall, clear of the cervix.", "Normal anatomy at 20 weeks and 2 days.")
        if weeks == 24:
            v.note("""Feels kicks every evening at nine. Weight gain on track. Glucose test and whooping cough vaccine next time.""")
        if weeks == 28:
            v.labs(gct=118, hgb=11.4, mcv=86, wbc=9.1, plt=226).vaccine("tdap")
        if weeks == 32:
            v.labs(ferritin=14, hgb=11.1, mcv=85, wbc=9.4, plt=221)
            p.rx("ferrous", "Take 1 tablet by mouth every other day with orange juice", "", v, stop="2026-07-09", why="Iron stores normal again", done=True, times=(1, 2, "d"), quantity_=(45, "tablet"))
        if weeks == 36:
            v.score("phq9", 4).note("""Head down, good growth. We went through the birth plan: she wants to move about, Daniel wants a job to do. Iron every other day suits her better. Bag is packed.""")
    v = p.visit("2026-05-25", "inpatient", "Labor and birth at term", "brennan-maeve", end="2026-05-27", hour=21, discharge="Home with her baby").vitals(bp=(122, 76), hr=94, temp=36.9, spo2=99)
    v.procedure("delivery", "Boy, 3310 g, born 2026-05-26 at 06:42. Small tear, repaired.", None, 600)
    v.labs(hgb=10.6, mcv=86, wbc=13.2, plt=214)
    v.note("""Labor began on the evening of 25 May; she walked the corridor until two. Vaginal birth of a boy, Leo, at 06:42 on 26 May, 3310 g, crying at once. Blood loss 350 mL, small tear repaired. Father cut the cord.

        Breastfeeding by the second day. Mother and child went home on 27 May, well.""", "Discharge summary")
    v = p.visit("2026-06-09", "video", "Two weeks after birth", "brennan-maeve").score("phq9", 9).note("""Tired and tearful most evenings, but laughs about it. PHQ-9 is 9; no thoughts of harm. Daniel takes the first half of the night from now on. Call again in two weeks, and any time before.""")
    v = p.visit("2026-07-09", "prenatal", "Six weeks after birth", "brennan-maeve").vitals(bp=(110, 70), hr=74, wt=61.4).labs(hgb=12.5, mcv=87, wbc=6.8, plt=256, ferritin=38).score("phq9", 4).pregnant(False)
    v.note("""Six weeks on: healed, hemoglobin back to 12.5, sleep in pieces but mood lifting (PHQ-9 4). Breastfeeding is going well. She would like the copper coil; booked for August. Goes back to the sea in October.""")
    p.visit("2026-10-13", "checkup", "Annual check-up").vitals(bp=(108, 68), hr=72, wt=57.3).smoking("never").score("phq9", 2).vaccine("flu")
    p.careteam(["brennan-maeve", "castellano-lucia", "okafor-ngozi"], "2025-10-14")
    p.careplan("Pregnancy and birth", "Midwife-led care; visits every four weeks to 28 weeks, every two to 36, then weekly; anatomy ultrasound at 20 weeks, glucose test and Tdap at 28; birth at Casco Harbor Medical Center; mood check at two and six weeks after birth.", "2025-10-14", [], ["pregnancy"], "2026-07-09")
    p.finish()


def concept_(system, code, display, text):
    return {"coding": [{"system": system, "code": code, "display": display}], "text": text}


def fiona(s, c):
    p = Chart(s, c, id="macdonald-fiona", given=["Fiona", "Jean"], family="MacDonald", gender="female", birth="1985-02-11", race="white", marital="S", addr=("6 Ferry Landing", "Peaks Island", "04108"), pcp="lindqvist-erik",
              story="Asthma: two emergency visits in 2023, then peak flow rises from 280 to 430 L/min once the controller inhaler is used every day")
    p.allergy("environment", "Cat dander", "260152009", "Cat dander", SNOMED, "Wheezing", "moderate", "2022-09-20", reaction_code="56018004")
    v = p.visit("2022-09-20", "office", "Wheezing at night").vitals(bp=(118, 74), hr=82, ht=168, wt=63.0, rr=18, spo2=96, temp=36.7).measure(pef=320).smoking("never").occupation("Ferry deckhand").diagnosis("asthma")
    p.problem("asthma", "1994-01-01", visit=v)
    p.rx("albuterol", "Inhale 2 puffs every 4 hours as needed for wheezing", "", v, reason="asthma", prn=True, quantity_=(1, "inhaler"), refills=5)
    for d, hr, spo2, pef in [("2023-01-14", 124, 90, 190), ("2023-10-29", 118, 91, 210)]:
        v = p.visit(d, "emergency", "Severe shortness of breath", "lindqvist-erik", hour=2).vitals(bp=(138, 84), hr=hr, rr=28, spo2=spo2, temp=36.9).measure(pef=pef).diagnosis("asthma-exac")
        p.rx("prednisone-20", "Take 2 tablets by mouth once daily for 5 days", "", v, stop=d[:8] + str(int(d[8:]) + 2 if d[8:] > "28" else int(d[8:]) + 5).zfill(2), done=True, why="Course finished", times=(1, 1, "d"), quantity_=(10, "tablet"), refills=0, reason="asthma")
        if d == "2023-01-14":
            v.note("""Came over on the fire boat at two in the morning, speaking in single words. Saturation 90 %, peak flow 190. Three nebulizers and steroids; by six she was asking when the first ferry left. She had not had a controller inhaler since 2020: it cost 240 dollars a month.""")
    v = p.visit("2023-11-07", "office", "After the second emergency visit").vitals(bp=(120, 76), hr=84, rr=18, spo2=95, wt=63.8).measure(pef=280).diagnosis("asthma").hunger(False).transport(True)
    v.procedure("spirometry", "FEV1 68 % of predicted, 17 % better after albuterol.", "asthma").measure(fev1=2.14, fev1fvc=64)
    p.problem("transport", "2023-11-07", visit=v, concern=True, sdoh=True, abated="2024-05-14", note="Winter ferry timetable; solved with video visits and mail-order pharmacy.")
    p.rx("flut-salm", "Inhale 1 puff twice daily, rinse mouth after", "", v, reason="asthma", times=(2, 1, "d"), quantity_=(1, "inhaler"), refills=11)
    v.note("""Second emergency visit this year, and the cat is not hers but the landlord's. She uses albuterol every day and has no controller. The island has no pharmacy in winter.

        Today: a combination inhaler covered by her plan at 15 dollars, by mail; a peak flow meter; a written action plan in three colours on her phone. Video visits when the ferry does not run.""")
    p.careplan("Asthma action plan", "Green: peak flow above 350, controller twice daily. Yellow: 220 to 350, add albuterol every 4 hours and call. Red: below 220, albuterol, prednisone, and call 911.", "2023-11-07", [p.goal("No emergency visit for a year", "2023-11-07", "2024-11-07", "completed", "achieved")], ["asthma"])
    for d, kind, pef in [("2023-12-12", "video", 325), ("2024-02-06", "office", 365), ("2024-05-14", "office", 395), ("2024-11-12", "office", 415), ("2025-05-20", "office", 425), ("2025-11-04", "office", 430), ("2026-05-12", "office", 435), ("2026-11-03", "office", 430)]:
        v = p.visit(d, kind, "Asthma follow-up").measure(pef=pef).diagnosis("asthma")
        if kind == "office":
            v.vitals(bp=(116 + p.wobble(4), 72 + p.wobble(3)), hr=74 + p.wobble(4), rr=14, spo2=98 + p.wobble(.6), wt=63.5 + p.wobble(1))
        if d == "2024-11-12":
            v.note("""A year without an ambulance. Albuterol once or twice a month, peak flow over 400, sleeps through. The landlord's cat has moved downstairs. Spirometry nearly normal.""").procedure("spirometry", "FEV1 91 % of predicted.", "asthma").measure(fev1=2.86, fev1fvc=77).vaccine("flu", "covid")
        if d == "2026-11-03":
            v.note("""Third winter on the same inhaler. She is now mate of the ferry. Flu and COVID vaccines today; step down in spring if all stays quiet.""").vaccine("flu", "covid").smoking("never")
    p.finish()


def jeanne(s, c):
    p = Chart(s, c, id="pelletier-jeanne", given=["Jeanne", "Marie"], family="Pelletier", gender="female", birth="1958-11-23", race="white", lang="fr", marital="W", addr=("230 Canal Street", "Biddeford", "04005"), pcp="lindqvist-erik", payer="public-health-plans", plan="Medicare", since="2023-12-01",
              contact=("Luc Pelletier", "CHILD", "child"), story="Breast cancer survivor: lumpectomy and radiation in 2022, yearly mammograms, bone density watched on anastrozole, five years in sight")
    p.allergy("medication", "Penicillin", "7980", "penicillin G", RXNORM, "Hives", "moderate", "2021-04-12", reaction_code="126485001")
    v = p.visit("2022-03-15", "checkup", "Annual check-up and mammogram").vitals(bp=(126, 78), hr=74, ht=158, wt=66.2).smoking("never").occupation("Retired schoolteacher")
    v.report("mammogram", "Screening mammogram", "New 11 mm spiculated density in the upper outer left breast. Right breast unchanged.", "BI-RADS 5, highly suggestive of malignancy. Biopsy advised.")
    v.procedure("mammogram")
    v = p.visit("2022-03-29", "specialist", "Results of the biopsy", "haddad-samir").vitals(bp=(138, 84), hr=90, wt=65.9).diagnosis("breast-ca").report("pathology", "Core biopsy of the left breast", "Invasive ductal carcinoma, grade 1, 11 mm. Estrogen receptor 95 %, progesterone receptor 80 %, HER2 negative.", "Invasive ductal carcinoma, grade 1, hormone receptor positive.")
    p.problem("breast-ca", "2022-03-29", visit=v, abated="2022-07-15", by="haddad-samir")
    v.note("""Mme Pelletier came with her son. We spoke French. Eleven millimetres, grade 1, hormone sensitive: a cancer that very likely can be cured. Lumpectomy with a sentinel node, three weeks of radiation, then a tablet for five years.

        She asked whether she can still sing in the choir at Easter. Yes.""", "Consult note")
    v = p.visit("2022-04-21", "inpatient", "Lumpectomy, left breast", "haddad-samir", end="2022-04-22", hour=7, discharge="Home with her son").vitals(bp=(128, 76), hr=76, temp=36.8, spo2=98).procedure("lumpectomy", "Clear margins, two sentinel nodes negative.", "breast-ca", 95)
    v.note("""Lumpectomy with sentinel node biopsy without complication. Margins clear, nodes negative, stage I. Home the next morning, drain-free, with acetaminophen.""", "Discharge summary")
    p.visit("2022-06-06", "specialist", "Radiation therapy, first of 15 sessions", "haddad-samir").procedure("radiotherapy", "40 Gy in 15 sessions, finished on 24 June 2022.", "breast-ca", 30)
    v = p.visit("2022-07-15", "specialist", "End of radiation, start of hormone treatment", "haddad-samir").vitals(bp=(124, 76), hr=74, wt=64.8)
    p.problem("breast-ca-hx", "2022-07-15", visit=v, by="haddad-samir")
    p.rx("anastrozole", "Take 1 tablet by mouth once daily, until July 2027", "", v, reason="breast-ca-hx", times=(1, 1, "d"), quantity_=(90, "tablet"))
    for year, bone in [(2023, -1.6), (2024, -1.8), (2025, -1.7), (2026, -1.6)]:
        v = p.visit(f"{year}-03-{[20, 19, 18, 17][year - 2023]}", "specialist", "Yearly cancer follow-up", "haddad-samir").vitals(bp=(124 + p.wobble(5), 76 + p.wobble(3)), hr=73 + p.wobble(3), wt=64.5 + p.wobble(1.2)).diagnosis("breast-ca-hx").procedure("mammogram")
        v.report("mammogram", f"Mammogram {year}", "Scar in the left upper outer quadrant, stable. No new mass, no suspicious calcification.", "BI-RADS 2, benign. Next in one year.")
        v.labs(hgb=13.2 + p.wobble(.3), mcv=90, wbc=5.9, plt=244, alt=21, ast=22, vitd=[24, 31, 36, 38][year - 2023])
        if year == 2023:
            v.procedure("dxa").report("dxa", "Bone density", f"Lumbar spine T-score {bone}, femoral neck T-score -1.4.", "Osteopenia. Repeat in two years.")
            p.problem("osteopenia", "2023-03-20", visit=v)
            p.rx("vitamin-d", "Take 1 tablet by mouth once daily", "", v, reason="osteopenia", times=(1, 1, "d"))
            v.note("""One year on: mammogram clean. Stiff fingers in the morning from the anastrozole, gone by breakfast; worth it, she says. Bone density a little low: vitamin D, and she has joined the parish walking club.""")
        if year == 2025:
            v.procedure("dxa").report("dxa", "Bone density", f"Lumbar spine T-score {bone}, femoral neck T-score -1.4.", "Osteopenia, stable.")
            v.note("""Three years. Everything clean; bones have held. The week before each mammogram is still hard and that is normal. Two more years of tablets.""").score("phq9", 5)
        if year == 2026:
            v.note("""Four years clear. She brought a recording of the choir. One more year of anastrozole, then we stop and celebrate.""").score("phq9", 3)
    for d, vax in [("2023-10-10", ["flu-hd", "zoster"]), ("2024-10-08", ["flu-hd", "pcv20"]), ("2025-10-14", ["flu-hd", "rsv"]), ("2026-10-13", ["flu-hd", "covid"])]:
        p.visit(d, "checkup", "Annual check-up").vitals(bp=(126 + p.wobble(5), 78 + p.wobble(3)), hr=72 + p.wobble(3), wt=64.6 + p.wobble(1)).labs(chol=198 + p.wobble(8), tg=110, hdl=62, glucose=94).smoking("never").vaccine(*vax)
    p.careteam(["haddad-samir", "lindqvist-erik"], "2022-03-29")
    p.careplan("Survivorship plan", "Anastrozole until July 2027; mammogram and oncology visit each March; bone density every two years; vitamin D and walking; call for any new lump, bone pain or breathlessness.", "2022-07-15", [p.goal("Five years free of cancer", "2022-07-15", "2027-07-15")], ["breast-ca-hx", "osteopenia"])
    p.finish()


def harold(s, c):
    p = Chart(s, c, id="washington-harold", given=["Harold", "Lee"], family="Washington", gender="male", birth="1950-08-30", race="black", marital="M", addr=("19 Granite Hill Road", "Lewiston", "04240"), pcp="lindqvist-erik", payer="public-health-plans", plan="Medicare", since="2015-09-01",
              contact=("Gloria Washington", "SPS", "spouse"), mobile=False, story="Chronic kidney disease with diabetes: eGFR declines from 54 to 26 over five years, slower once empagliflozin is started; getting ready for a transplant list")
    p.allergy("medication", "Sulfonamide antibiotics", "387406002", "Sulfonamide", SNOMED, "Rash", "mild", "2010-05-04", reaction_code="271807003")
    rows = [("2021-10-12", 1.38, 54, 138, 86, 98.4, 7.9, 210, 4.6), ("2022-04-19", 1.47, 50, 142, 84, 98.0, 7.8, 260, 4.7), ("2022-10-18", 1.60, 45, 144, 86, 97.1, 7.6, 340, 4.8), ("2023-04-11", 1.77, 40, 140, 82, 96.5, 7.5, 420, 5.0),
            ("2023-10-10", 1.94, 36, 138, 80, 95.0, 7.4, 510, 5.1), ("2024-04-16", 2.08, 33, 132, 78, 92.8, 7.1, 330, 4.8), ("2024-10-15", 2.15, 32, 130, 76, 91.9, 7.0, 290, 4.7), ("2025-04-15", 2.24, 30, 128, 76, 91.2, 6.9, 280, 4.8),
            ("2025-10-14", 2.36, 28, 130, 76, 90.4, 7.0, 300, 4.9), ("2026-04-14", 2.42, 28, 128, 74, 90.0, 6.9, 285, 4.8), ("2026-10-13", 2.55, 26, 128, 74, 89.6, 7.0, 295, 4.9)]
    for i, (d, cr, gfr, sy, di, wt, a1c, acr, k) in enumerate(rows):
        v = p.visit(d, "specialist" if i > 3 else "office", "Kidney and diabetes follow-up", "petrov-anna" if i > 3 else None).vitals(bp=(sy, di), hr=76 + p.wobble(3), wt=wt, **({"ht": 175} if i == 0 else {}))
        v.labs(glucose=150 - i * 2, bun=20 + i * 2.6, creat=cr, egfr=gfr, na=139, k=k, co2=25 - i * .4, phos=3.4 + i * .1, hba1c=a1c, uacr=acr)
        if i % 2 == 0:
            v.labs(hgb=13.6 - i * .22, mcv=88, wbc=7.1, plt=231)
        if i == 0:
            p.problem("t2dm", "2006-03-01", recorded=d)
            p.problem("htn", "2001-06-01", recorded=d)
            p.problem("ckd3a", "2021-10-12", visit=v, abated="2022-10-18")
            p.rx("lisinopril-20", "Take 2 tablets by mouth once daily", "", v, reason="htn", times=(1, 1, "d"), quantity_=(180, "tablet"))
            p.rx("amlodipine-10", "Take 1 tablet by mouth once daily", "", v, reason="htn", times=(1, 1, "d"), quantity_=(90, "tablet"))
            p.rx("metformin-1000", "Take 1 tablet by mouth twice daily with meals", "", v, stop="2023-10-10", why="Kidney function too low", reason="t2dm", times=(2, 1, "d"), quantity_=(180, "tablet"))
            v.smoking("former").occupation("Retired bus driver").diagnosis("ckd3a", "t2dm")
            v.note("""Mr. Washington's kidneys filter about half of what they should (eGFR 54) and leak albumin. He feels fine, which is the trouble with kidneys. Twenty years of sugar and pressure. We will push the lisinopril, keep off ibuprofen, and count carefully.""")
        if i == 2:
            p.problem("ckd3b", d, visit=v, abated="2025-10-14")
            v.diagnosis("ckd3b").vaccine("flu4")
        if i == 4:
            p.rx("empagliflozin-10", "Take 1 tablet by mouth every morning", "", v, reason="t2dm", times=(1, 1, "d"), quantity_=(90, "tablet"), by="petrov-anna")
            v.note("""First visit with me. Eighteen points of eGFR lost in two years: faster than I like. Stop metformin, start empagliflozin; explained that the creatinine may rise a little before the line flattens.

                Gloria keeps the pill box and asked the question he would not: when is dialysis? Not now, and we mean to put it off by years.""", "Consult note")
        if i == 6:
            v.note("""A year on empagliflozin: he was losing nine points a year, now four. Albumin leak almost halved. Pressure 130. Fewer night cramps since the water tablets went. Good work.""").vaccine("flu-hd")
        if i == 8:
            p.problem("ckd4", d, visit=v, by="petrov-anna")
            v.diagnosis("ckd4").note("""Stage 4 today, eGFR 28, by a slow road. We talked about transplant first and dialysis second. His niece in Bangor has offered to be tested. Kidney class in November; left arm is not to be used for needles from now on.""")
        if i == 10:
            v.diagnosis("ckd4").vaccine("flu-hd", "hepb-adult").note("""eGFR 26 and steady. Evaluated in Boston in August and active on the transplant list; the niece is a match on paper. He is tired but still umpires on Saturdays. Hemoglobin 11.4, iron next if it drops.""")
    p.careteam(["petrov-anna", "lindqvist-erik", "tran-kim"], "2023-10-10")
    p.careplan("Protecting the kidneys", "Lisinopril, amlodipine and empagliflozin daily; no ibuprofen or naproxen; salt below 2 g; labs every three months; transplant evaluation; no needles in the left arm.", "2025-10-14", [p.goal("Stay off dialysis until transplant", "2025-10-14", "2028-10-14")], ["ckd4", "t2dm", "htn"])
    p.finish()


def stanley(s, c):
    p = Chart(s, c, id="kowalski-stanley", given=["Stanley", "Walter"], family="Kowalski", gender="male", birth="1946-01-27", race="white", marital="M", addr=("77 Harbor View Terrace", "Saco", "04072"), pcp="lindqvist-erik", payer="public-health-plans", plan="Medicare", since="2011-02-01", mobile=False, email=False,
              contact=("Helen Kowalski", "SPS", "spouse"), story="Atrial fibrillation with a mechanical valve on warfarin: a long INR series that settles into range with the pharmacist's clinic")
    p.no_known_allergies("2019-02-12")
    v = p.visit("2024-01-09", "specialist", "Palpitations", "whitfield-james").vitals(bp=(136, 82), hr=118, ht=172, wt=81.5, spo2=97).diagnosis("afib").procedure("ecg", "Atrial fibrillation, rate 118.", None, 10).smoking("former").occupation("Retired shipwright")
    p.problem("afib", "2024-01-09", visit=v, by="whitfield-james", note="Mechanical aortic valve since 2012, so warfarin and not a newer anticoagulant.")
    p.rx("metoprolol-50", "Take 1 tablet by mouth once daily", "", v, reason="afib", times=(1, 1, "d"), quantity_=(90, "tablet"))
    p.rx("warfarin-5", "Take as directed by the anticoagulation clinic", "", v, reason="afib", times=(1, 1, "d"), quantity_=(90, "tablet"), refills=5)
    v.labs(inr=1.1, hgb=14.4, mcv=92, wbc=6.6, plt=208, creat=1.1, egfr=69, k=4.3, na=140, tsh=2.2).report("echo", "Echocardiogram", "Mechanical aortic valve opens well, mean gradient 12 mmHg. Left atrium 46 mm. Normal ventricle.", "Well working mechanical valve, ejection fraction 58 %, large left atrium.").measure(lvef=58).procedure("echo")
    v.note("""Mr. Kowalski felt his heart galloping while caulking a skiff. Atrial fibrillation at 118. His warfarin had lapsed in the autumn when the old clinic closed, with a metal valve in place: we start again today and Kim Tran's clinic will see him weekly. Target INR 2.5 to 3.5.""", "Consult note")
    inrs = [("2024-01-16", 1.6), ("2024-01-23", 2.1), ("2024-01-30", 2.9), ("2024-02-06", 4.2), ("2024-02-13", 3.4), ("2024-02-27", 2.7), ("2024-03-12", 2.4), ("2024-03-26", 3.0), ("2024-04-16", 3.1), ("2024-05-14", 2.9), ("2024-06-11", 3.2),
            ("2024-07-16", 5.1), ("2024-07-23", 3.0), ("2024-08-13", 2.8), ("2024-09-17", 3.0), ("2024-10-22", 2.9), ("2024-12-03", 3.1), ("2025-01-14", 2.8), ("2025-02-25", 3.0), ("2025-04-08", 2.9), ("2025-05-20", 3.2),
            ("2025-07-01", 3.0), ("2025-08-12", 2.7), ("2025-09-23", 3.1), ("2025-11-04", 2.9), ("2025-12-16", 3.0), ("2026-01-27", 3.1), ("2026-03-10", 2.8), ("2026-04-21", 3.0), ("2026-06-02", 2.9), ("2026-07-14", 3.2), ("2026-08-25", 3.0), ("2026-10-06", 2.9), ("2026-11-17", 3.0)]
    for d, inr in inrs:
        v = p.visit(d, "lab", "INR check", "tran-kim").labs(inr=inr)
        if d == "2024-02-06":
            v.note("""INR 4.2, no bleeding. He had been given cranberry juice by the gallon by a kind neighbour. Skip tonight's tablet, then 27.5 mg a week. Juice goes back to the neighbour.""")
        if d == "2024-07-16":
            v.note("""INR 5.1 after a week of antibiotics from the walk-in clinic for a tooth. No bleeding. Two tablets skipped, checked again in a week. A card for his wallet: call us before any new medicine.""")
        if d == "2025-02-25":
            v.note("""Seven months in range. We move to six-weekly checks. Helen has a chart on the kitchen door and ticks each tablet.""")
    for d, hr, sy, di, wt in [("2024-04-09", 82, 130, 78, 80.9), ("2024-10-08", 74, 128, 76, 81.2), ("2025-10-07", 72, 126, 76, 80.4), ("2026-10-13", 74, 128, 74, 79.8)]:
        v = p.visit(d, "specialist", "Heart rhythm follow-up", "whitfield-james").vitals(bp=(sy, di), hr=hr, wt=wt, spo2=97).diagnosis("afib").labs(hgb=14.2 + p.wobble(.3), mcv=92, wbc=6.4, plt=205)
        if d == "2026-10-13":
            v.note("""Eighty years old and planking a dory with his grandson. Rate 74, valve sounds crisp, INR in range all year. No falls. Flu shot done. Back in a year.""").vaccine("flu-hd", "covid")
    p.careteam(["whitfield-james", "tran-kim", "lindqvist-erik"], "2024-01-09")
    p.finish()


def daniela(s, c):
    p = Chart(s, c, id="reyes-daniela", given=["Daniela"], family="Reyes", gender="female", birth="1998-03-30", race="other", hispanic=True, lang="en", marital="S", addr=("1140 Forest Park Road, Apt 6", "Portland", "04103"), pcp="okafor-ngozi",
              story="Depression in 2024: PHQ-9 falls from 19 to 3 with sertraline and therapy, and stays down after the tablets are tapered")
    p.no_known_allergies("2023-09-05")
    p.visit("2023-09-05", "checkup", "New patient check-up").vitals(bp=(112, 70), hr=72, ht=165, wt=61.0, temp=36.6).smoking("never").occupation("Graduate student in architecture").score("phq9", 5).labs(hgb=12.9, mcv=86, wbc=6.1, plt=270, tsh=1.9)
    rows = [("2024-02-13", "office", [3, 3, 2, 3, 2, 3, 2, 0, 1], 15, 57.2), ("2024-02-27", "video", [3, 2, 2, 2, 2, 3, 2, 0, 0], 14, None), ("2024-03-19", "office", [2, 2, 2, 2, 1, 2, 2, 0, 0], 12, 57.0), ("2024-04-30", "video", [1, 2, 1, 2, 1, 1, 1, 0, 0], 8, None),
            ("2024-06-11", "office", [1, 1, 1, 1, 0, 1, 1, 0, 0], 6, 58.8), ("2024-09-10", "office", [1, 0, 1, 1, 0, 1, 0, 0, 0], 4, 60.1), ("2025-01-14", "video", [0, 1, 1, 1, 0, 0, 0, 0, 0], 3, None), ("2025-06-17", "office", [0, 0, 1, 1, 0, 0, 1, 0, 0], 3, 61.2),
            ("2025-12-09", "video", [0, 1, 1, 1, 0, 0, 0, 0, 0], 2, None), ("2026-06-16", "office", [0, 0, 1, 1, 0, 0, 0, 0, 0], 2, 61.0)]
    for i, (d, kind, answers, gad, wt) in enumerate(rows):
        v = p.visit(d, kind, "Low mood" if i == 0 else "Depression follow-up").phq9(answers).score("gad7", gad)
        if wt:
            v.vitals(bp=(112 + p.wobble(4), 70 + p.wobble(3)), hr=74 - i + p.wobble(3), wt=wt)
        if i < 6:
            v.diagnosis("mdd")
        if i == 0:
            v.labs(tsh=2.1, hgb=12.7, mcv=86, wbc=5.8, plt=266, b12=412).alcohol("None since January")
            p.problem("mdd", "2023-12-01", visit=v, abated="2025-06-17", status="remission")
            p.rx("sertraline-50", "Take half a tablet by mouth daily for a week, then 1 tablet daily", "", v, stop="2024-03-19", why="Dose raised", reason="mdd", times=(1, 1, "d"), quantity_=(30, "tablet"))
            v.note("""Since the autumn Daniela sleeps badly, has stopped drawing, and skips supper. PHQ-9 19. Passing thoughts that it would be easier not to be here; no plan, and she told her sister last night. The sister came along.

                Safety plan written together. Sertraline, weekly therapy with Miriam Goldberg, leave from the studio until April, and a call from us on Friday.""")
        if i == 2:
            p.rx("sertraline-100", "Take 1 tablet by mouth every morning", "", v, stop="2025-06-17", why="Well for nine months, tapered with the patient", done=True, reason="mdd", times=(1, 1, "d"), quantity_=(90, "tablet"))
        if i == 4:
            v.note("""PHQ-9 5. She drew the ferry terminal this week and showed me. Eating, sleeping seven hours. Tablets stay until next spring; therapy every other week.""")
        if i == 7:
            v.note("""Nine months well. We finish the taper today with the early signs written down: skipped suppers, no drawing, saying no to her sister. She knows the way back.""")
        if i == 9:
            v.note("""A year off tablets. PHQ-9 2. She has a job with a firm that restores old mills. Yearly check from now on.""").smoking("never")
    for d in ("2024-02-20", "2024-03-05", "2024-04-09", "2024-05-14"):
        v = p.visit(d, "office", "Therapy session", "goldberg-miriam").procedure("cbt", None, "mdd", 25)
        if d == "2024-03-05":
            v.note("""Third session. We mapped a bad Sunday hour by hour. The thought that comes first is that everyone else is ahead. Homework: one drawing that is allowed to be bad.""")
    p.careteam(["okafor-ngozi", "goldberg-miriam"], "2024-02-13")
    p.careplan("Getting well and staying well", "Sertraline for at least nine months after feeling well; cognitive behavioral therapy; safety plan shared with sister; PHQ-9 at each visit.", "2024-02-13", [p.goal("PHQ-9 below 5 and drawing again", "2024-02-13", "2024-12-31", "completed", "achieved")], ["mdd"], "2025-06-17")
    p.finish()


def thomas(s, c):
    p = Chart(s, c, id="macisaac-thomas", given=["Thomas", "Angus"], family="MacIsaac", gender="male", birth="1955-10-05", race="white", marital="D", addr=("8 Lobster Pound Lane", "Harpswell", "04079"), pcp="lindqvist-erik", payer="public-health-plans", plan="Medicare", since="2020-11-01",
              contact=("Kate MacIsaac", "CHILD", "child"), story="Heart failure: admitted with 9 kg of fluid in 2024; weight and NT-proBNP fall, ejection fraction recovers from 25 to 45 %")
    p.no_known_allergies("2021-05-11")
    p.visit("2023-06-13", "checkup", "Annual check-up").vitals(bp=(148, 90), hr=84, ht=180, wt=88.0).smoking("former").occupation("Lobsterman").labs(chol=204, tg=150, hdl=42, glucose=103, creat=1.05, egfr=78, k=4.4, na=140)
    v = p.visit("2024-02-19", "inpatient", "Shortness of breath, swollen legs", "whitfield-james", end="2024-02-24", hour=15, discharge="Home with daughter").vitals(bp=(158, 96), hr=112, rr=26, spo2=89, wt=97.4, temp=36.7).diagnosis("hf-acute")
    v.labs(ntprobnp=6820, creat=1.42, egfr=54, na=133, k=4.1, bun=32, glucose=128, hgb=13.1, mcv=90, wbc=8.8, plt=214).measure(lvef=25).procedure("echo").report("echo", "Echocardiogram", "Dilated left ventricle, ejection fraction 25 %. Moderate mitral leak. No clot.", "Severely reduced left ventricular function.").report("chest-xray", "Chest X-ray", "Large heart, fluid in both lungs, small effusions.", "Heart failure with pulmonary edema.")
    p.problem("hfref", "2024-02-19", visit=v, by="whitfield-james")
    p.rx("furosemide-40", "Take 1 tablet by mouth every morning; take 2 if weight is up 1.5 kg in two days", "", v, reason="hfref", times=(1, 1, "d"), quantity_=(120, "tablet"))
    p.rx("carvedilol-12", "Take 1 tablet by mouth twice daily with food", "", v, reason="hfref", times=(2, 1, "d"), quantity_=(180, "tablet"))
    p.rx("losartan-50", "Take 1 tablet by mouth once daily", "", v, reason="hfref", times=(1, 1, "d"), quantity_=(90, "tablet"))
    p.rx("spironolactone-25", "Take 1 tablet by mouth once daily", "", v, reason="hfref", times=(1, 1, "d"), quantity_=(90, "tablet"))
    p.rx("empagliflozin-10", "Take 1 tablet by mouth every morning", "2024-03-12", reason="hfref", by="whitfield-james", times=(1, 1, "d"), quantity_=(90, "tablet"))
    v.note("""Mr. MacIsaac slept in his truck for a week because he could not lie flat. Nine kilos of fluid, saturation 89 %, ejection fraction 25 %, coronary arteries clean on catheterization. The likely cause is years of untreated pressure.

        With intravenous furosemide he lost 8.6 kg in five days and walked the ward. Home on four medicines, a scale and a notebook. His daughter Kate calls every morning for the number.""", "Discharge summary")
    for d, kg in [("2024-02-26", 88.6), ("2024-03-01", 88.0), ("2024-03-06", 87.4), ("2024-03-20", 86.9), ("2024-04-05", 86.5), ("2024-05-01", 86.2), ("2024-06-02", 85.9), ("2024-07-07", 88.3), ("2024-07-10", 87.0), ("2024-07-14", 85.9), ("2024-09-01", 85.4), ("2024-12-01", 85.0), ("2025-03-02", 84.6), ("2025-07-06", 84.2), ("2026-01-04", 84.0), ("2026-07-05", 83.6)]:
        p.home_weight(d, kg)
    for d, sy, di, hr, wt, bnp, ef in [("2024-03-12", 128, 80, 84, 87.2, 3140, None), ("2024-05-14", 118, 74, 72, 86.0, 1690, 32), ("2024-11-12", 116, 72, 68, 85.1, 840, 38), ("2025-05-13", 118, 72, 66, 84.3, 520, 42), ("2025-11-11", 120, 74, 66, 84.0, 410, None), ("2026-05-12", 118, 74, 64, 83.8, 350, 45), ("2026-11-10", 120, 74, 64, 83.5, 330, None)]:
        v = p.visit(d, "specialist", "Heart failure follow-up", "whitfield-james").vitals(bp=(sy, di), hr=hr, wt=wt, spo2=97).labs(ntprobnp=bnp, creat=1.18 + p.wobble(.05), egfr=67, na=139, k=4.7, bun=22, glucose=99).diagnosis("hfref")
        if ef:
            v.measure(lvef=ef).procedure("echo").report("echo", "Echocardiogram", f"Left ventricle smaller than before, ejection fraction {ef} %. Mitral leak {'moderate' if ef < 35 else 'mild'}.", f"Left ventricular function {'improving' if ef < 45 else 'mildly reduced'}, ejection fraction {ef} %.")
        if d == "2024-05-14":
            v.note("""Lies flat, sleeps six hours. The heart pumps a little better, 32 %. He asks about hauling traps; light work with a sternman, yes, alone, no.""").procedure("cardiac-rehab", "First of 24 sessions.", "hfref")
        if d == "2026-05-12":
            v.note("""Ejection fraction 45 %. Two years ago he could not cross a parking lot; last week he hauled eighty traps with Kate as sternman. The medicines are the reason and they stay.""")
    v = p.visit("2024-07-08", "video", "Weight up 2.4 kg in three days", "whitfield-james").note("""Fourth of July ham. Two furosemide tablets for three days, weight back to 85.9 by Sunday. He caught it himself from the notebook: exactly right.""")
    p.visit("2025-10-07", "checkup", "Annual check-up").vitals(bp=(120, 74), hr=66, wt=84.1).smoking("former").vaccine("flu-hd", "pcv20", "rsv").score("phq9", 3)
    p.careteam(["whitfield-james", "lindqvist-erik", "tran-kim"], "2024-02-24")
    p.careplan("Heart failure plan", "Weigh every morning and write it down; call when up 1.5 kg in two days; salt below 2 g; all four medicines every day; cardiac rehabilitation; flu shot each autumn.", "2024-02-24", [p.goal("Haul traps again by next season", "2024-05-14", "2025-06-01", "completed", "achieved")], ["hfref"])
    p.finish()


def shirin(s, c):
    p = Chart(s, c, id="begum-shirin", given=["Shirin"], family="Begum", gender="female", birth="1980-12-09", race="asian", lang="bn", marital="M", addr=("305 Spruce Street", "Lewiston", "04240"), pcp="okafor-ngozi",
              story="Underactive thyroid: TSH falls from 18.4 to 1.9 as the dose is found, and the tiredness, weight and cholesterol follow")
    p.no_known_allergies("2023-01-17")
    for i, (d, tsh, ft4, wt, hr, dose) in enumerate([("2023-01-17", 18.4, 0.52, 71.5, 56, "levothyroxine-50"), ("2023-03-14", 8.2, 0.81, 70.1, 60, None), ("2023-05-16", 6.4, 0.94, 69.0, 64, "levothyroxine-75"), ("2023-08-15", 2.6, 1.21, 67.4, 68, None),
                                                     ("2024-02-13", 1.9, 1.28, 66.2, 70, None), ("2025-02-11", 2.1, 1.25, 65.8, 70, None), ("2026-02-10", 1.9, 1.27, 65.5, 72, None)]):
        v = p.visit(d, "office", "Tiredness and cold hands" if i == 0 else "Thyroid follow-up").vitals(bp=(116 + p.wobble(4), 74 + p.wobble(3)), hr=hr, wt=wt, **({"ht": 157, "temp": 36.1} if i == 0 else {})).labs(tsh=tsh, ft4=ft4).diagnosis("hypothyroid")
        if i == 0:
            p.problem("hypothyroid", d, visit=v)
            v.labs(chol=252, tg=170, hdl=46, hgb=11.8, mcv=93, wbc=5.9, plt=232).smoking("never").occupation("Seamstress and shop owner").note("""Mrs. Begum, through the interpreter: cold all winter, hair in the brush, asleep by seven, six kilos more than at her sister's wedding. Pulse 56, dry skin, slow reflexes. TSH 18.4.

                Levothyroxine on an empty stomach; she will take it before the dawn meal during Ramadan. Blood again in eight weeks.""")
        if dose:
            p.rx(dose, "Take 1 tablet by mouth every morning on an empty stomach", "", v, reason="hypothyroid", times=(1, 1, "d"), quantity_=(90, "tablet"), **({"stop": "2023-05-16", "why": "Dose raised"} if i == 0 else {}))
        if i == 3:
            v.note("""TSH 2.6. Her daughter says she has her mother back. Cholesterol came down by itself. Same dose, yearly checks.""").labs(chol=204, tg=128, hdl=50)
        if i == 6:
            v.note("""Well. The shop has moved to a larger room on Lisbon Street. TSH 1.9, no change.""").vaccine("flu", "tdap").smoking("never")
    p.finish()


def abdi(s, c):
    p = Chart(s, c, id="hussein-abdi", given=["Abdi", "Hassan"], family="Hussein", gender="male", birth="1988-07-01", race="black", lang="so", marital="M", addr=("92 Bartlett Court, Apt 4", "Lewiston", "04240"), pcp="okafor-ngozi", payer="public-health-plans", plan="Medicaid", since="2024-03-01",
              story="New in Maine in 2024: first check-ups through an interpreter, catch-up vaccines, latent tuberculosis treated, food insecurity resolved")
    p.no_known_allergies("2024-03-26")
    v = p.visit("2024-03-26", "checkup", "First visit after arrival").vitals(bp=(118, 76), hr=76, ht=183, wt=64.5, temp=36.7).smoking("never").hunger(True).transport(True).score("phq9", 7).labs(vitd=11, hgb=14.1, mcv=85, wbc=5.6, plt=236, glucose=90, creat=.84, egfr=112, alt=24, ast=22)
    v.finding("igra", "45323-3", "Mycobacterium tuberculosis stimulated gamma interferon [Presence] in Blood", "Tuberculosis blood test (IGRA)", concept_(SNOMED, "10828004", "Positive", "Positive")).vaccine("mmr", "hepb-adult", "tdap").diagnosis("vitd-def")
    p.problem("vitd-def", "2024-03-26", visit=v, abated="2025-01-21")
    p.problem("food-insecurity", "2024-03-26", visit=v, abated="2024-11-19", concern=True, sdoh=True, note="Enrolled in SNAP and the neighborhood pantry with Miriam Goldberg.")
    p.rx("vitamin-d", "Take 2 tablets by mouth once daily", "", v, stop="2025-01-21", done=True, reason="vitd-def", times=(1, 1, "d"))
    v.note("""Mr. Hussein, his wife and two girls came from Kenya in February. Interpreter by phone. He was a pharmacist's assistant in Nairobi and read the vaccine leaflets before we did.

        Healthy but thin. Food runs out before the month does. Tuberculosis test is positive, chest X-ray clear. Vaccines begun, vitamin D, and our social worker before he left the building.""")
    v = p.visit("2024-04-16", "office", "Tuberculosis test results").vitals(bp=(116, 74), hr=72, wt=64.9).report("chest-xray", "Chest X-ray", "Clear lungs, normal heart.", "No sign of active tuberculosis.").diagnosis("ltbi")
    p.problem("ltbi", "2024-04-16", visit=v, abated="2024-08-20", note="Four months of rifampin finished.")
    p.rx("rifampin", "Take 2 capsules by mouth once daily for four months", "", v, stop="2024-08-20", done=True, why="Course finished", reason="ltbi", times=(1, 1, "d"), quantity_=(60, "capsule"))
    for d, wt, alt in [("2024-05-21", 65.8, 30), ("2024-06-18", 66.9, 28), ("2024-08-20", 68.4, 26)]:
        v = p.visit(d, "office", "Rifampin check").vitals(bp=(116 + p.wobble(3), 74), hr=72 + p.wobble(3), wt=wt).labs(alt=alt, ast=24)
        if d == "2024-05-21":
            v.vaccine("hepb-adult", "mmr")
    v.note("""Last capsule today: four months, none missed. Weight up four kilos. He works nights at the bakery and brought bread.""")
    v = p.visit("2024-11-19", "office", "Follow-up").vitals(bp=(118, 76), hr=70, wt=70.1).hunger(False).transport(True).vaccine("hepb-adult", "flu")
    v = p.visit("2025-01-21", "checkup", "Annual check-up").vitals(bp=(118, 74), hr=70, wt=70.8).labs(vitd=34, glucose=92, creat=.86, egfr=110, k=4.1, na=140).score("phq9", 3).transport(False).smoking("never")
    v.note("""Driver's license in December, so no more two-hour bus rides. Vitamin D normal. He has enrolled in the pharmacy technician course and wants no interpreter today; we managed well.""")
    p.visit("2026-01-20", "checkup", "Annual check-up").vitals(bp=(120, 76), hr=72, wt=71.6).labs(glucose=94, chol=176, tg=104, hdl=48).hunger(False).transport(False).smoking("never").occupation("Pharmacy technician").vaccine("flu")
    p.careteam(["okafor-ngozi", "goldberg-miriam"], "2024-03-26")
    p.finish()


def ingrid(s, c):
    p = Chart(s, c, id="larsen-ingrid", given=["Ingrid"], family="Larsen", gender="female", birth="1968-05-19", race="white", marital="M", addr=("21 Orchard Ridge Road", "Yarmouth", "04096"), pcp="lindqvist-erik",
              story="Rheumatoid arthritis: C-reactive protein falls from 48 to 3 mg/L on methotrexate and she plays the cello again")
    p.no_known_allergies("2022-02-01")
    for i, (d, crp, esr, alt, wt) in enumerate([("2023-04-04", 48.0, 62, 19, 67.1), ("2023-05-16", 31.0, 48, 24, 67.0), ("2023-07-11", 17.0, 34, 31, 67.8), ("2023-10-03", 9.2, 26, 27, 68.0), ("2024-02-06", 5.4, 20, 25, 68.4), ("2024-08-06", 3.6, 16, 24, 68.2), ("2025-02-04", 11.8, 28, 26, 68.6), ("2025-05-06", 4.0, 18, 28, 68.5), ("2025-11-04", 3.1, 15, 25, 68.1), ("2026-05-05", 2.9, 14, 24, 67.9)]):
        v = p.visit(d, "office", "Swollen hands" if i == 0 else "Arthritis follow-up").vitals(bp=(122 + p.wobble(5), 76 + p.wobble(3)), hr=74 + p.wobble(4), wt=wt, **({"ht": 171, "temp": 37.1} if i == 0 else {})).labs(crp=crp, esr=esr, alt=alt, hgb=11.6 + min(i, 5) * .28, mcv=89, wbc=7.2 - i * .1, plt=380 - i * 12).diagnosis("ra")
        if i == 0:
            p.problem("ra", "2023-01-15", visit=v)
            p.rx("methotrexate", "Take 6 tablets (15 mg) by mouth once a WEEK, on Sunday", "", v, reason="ra", times=(1, 1, "wk"), quantity_=(72, "tablet"))
            p.rx("folic-acid", "Take 1 tablet by mouth daily except Sunday", "", v, reason="ra", times=(6, 1, "wk"), quantity_=(90, "tablet"))
            p.rx("prednisone-5", "Take 2 tablets by mouth daily for 6 weeks, then 1, then stop", "", v, stop="2023-07-11", done=True, why="Tapered off", reason="ra", times=(1, 1, "d"), quantity_=(90, "tablet"))
            v.smoking("former").occupation("Cellist and music teacher").note("""Stiff for two hours every morning, knuckles swollen on both hands, and she has cancelled her pupils. CRP 48, antibodies strongly positive, X-rays still clean: early enough to matter.

                Methotrexate once a week, folic acid on the other days, a short bridge of prednisone. No alcohol on Sundays and Mondays. She asked only when she may play.""")
        if i == 3:
            v.note("""Twenty minutes of stiffness now. She played the sarabande through for the first time since January, slowly, and wept. CRP 9.""").vaccine("flu4")
        if i == 6:
            v.note("""A flare in the left wrist after a chest cold, during which she paused methotrexate for three weeks. Restarted; splint at night.""")
        if i == 9:
            v.note("""CRP 2.9, no swollen joint on either hand. Quartet concert in July. Same dose, bloods every three months.""").smoking("former")
    p.finish()


ALL = [maria, raymond, linh, fiona, jeanne, harold, stanley, daniela, thomas, shirin, abdi, ingrid]
